// Drives VS Code's workbench in Chromium. One argument: a JSON object (see vscode.py). Prints one JSON object a line:
// {"step", "passed", "seconds", "detail"}. A step that fails ends the run; what was on the page goes into its detail.
"use strict";

const task = JSON.parse(process.argv[2]);
const { chromium } = require(task.playwright);

const ON_LOOPBACK = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
];
const GHOST = ".ghost-text-decoration, .ghost-text-decoration-preview";
const NUDGE_MS = 5000; // Retype the last character while nothing is shown, as a person would.

const say = (record) => process.stdout.write(`${JSON.stringify(record)}\n`);

async function main() {
  const browser = await chromium.launch({
    executablePath: task.browser,
    headless: true,
    args: ON_LOOPBACK,
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1100, height: 640 } });
    page.setDefaultTimeout(task.timeout_ms);
    await (task.missing ? saysWhatIsMissing(page) : completes(page));
  } finally {
    await browser.close();
  }
}

async function step(page, name, body) {
  const started = Date.now();
  const record = (passed, detail) =>
    say({ step: name, passed, seconds: (Date.now() - started) / 1000, detail });
  try {
    record(true, (await body()) ?? "");
  } catch (problem) {
    const picture = task.picture.replace(/\.png$/, "-failed.png");
    await page.screenshot({ path: picture }).catch(() => {});
    const messages = await notifications(page).catch(() => ["(no notifications could be read)"]);
    record(false, [problem.message, `picture: ${picture}`, ...messages].join("\n"));
    process.exitCode = 1;
    throw problem;
  }
}

async function notifications(page) {
  page.setDefaultTimeout(5000);
  await page.keyboard.press("Escape");
  await command(page, "Notifications: Show Notifications");
  await page.waitForSelector(".notifications-center.visible");
  return page.locator(".notifications-center .notification-list-item").allInnerTexts();
}

async function open(page) {
  await page.goto(task.url);
  await page.waitForSelector(".explorer-folders-view .monaco-list-row");
  await page.keyboard.press("Control+P");
  await page.waitForSelector(".quick-input-widget input");
  await page.keyboard.type(task.file);
  await page.waitForSelector(`.quick-input-list .monaco-list-row[aria-label*="${task.file}"]`);
  await page.keyboard.press("Enter");
  await page.waitForSelector(`.tabs-container .tab.active[aria-label*="${task.file}"]`);
  await page.click(".editor-instance .view-lines");
  await page.keyboard.press("Control+End");
}

const ghost = (page) =>
  page.evaluate(
    (selector) => [...document.querySelectorAll(selector)].map((part) => part.textContent).join(""),
    GHOST,
  );

// A non-breaking space is how the editor draws a space.
const plain = (text) => text.replace(/\u00a0/g, " ");

async function waitForGhost(page, rest, typed) {
  const deadline = Date.now() + task.timeout_ms;
  let nudge = Date.now() + NUDGE_MS;
  for (;;) {
    const shown = plain(await ghost(page));
    if (shown === rest) {
      return shown;
    }
    if (Date.now() > deadline) {
      throw new Error(`ghost text ${JSON.stringify(rest)} not shown; it is ${JSON.stringify(shown)}`);
    }
    if (Date.now() > nudge) {
      nudge = Date.now() + NUDGE_MS;
      await page.keyboard.press("Backspace");
      await page.keyboard.type(typed.at(-1));
    }
    await page.waitForTimeout(100);
  }
}

const lineIs = (page, line) =>
  page.waitForFunction(
    (wanted) =>
      [...document.querySelectorAll(".editor-instance .view-line")].some(
        (shown) => shown.textContent.replace(/\u00a0/g, " ") === wanted,
      ),
    line,
  );

async function completes(page) {
  const { line, typed, along } = task;
  await step(page, "the workbench opens the file", () => open(page));
  await step(page, "ghost text appears", async () => {
    await page.keyboard.type(typed, { delay: 60 });
    const shown = await waitForGhost(page, line.slice(typed.length), typed);
    await page.screenshot({ path: task.picture });
    return shown;
  });
  await step(page, "typing along keeps it", async () => {
    await page.keyboard.type(along, { delay: 60 });
    return waitForGhost(page, line.slice(typed.length + along.length), along);
  });
  await step(page, "Tab takes it", async () => {
    await page.keyboard.press("Tab");
    await lineIs(page, line);
    return line;
  });
  await step(page, "Restart Server, and the next line is completed", async () => {
    const [indented, start] = [task.next.trimStart(), task.next_typed];
    await command(page, "Tandem: Restart Server");
    await page.keyboard.press("Enter");
    await page.keyboard.type(start, { delay: 60 });
    await waitForGhost(page, indented.slice(start.length), start);
    await page.keyboard.press("Tab");
    await lineIs(page, task.next);
    return indented;
  });
  await step(page, "the file is saved", async () => {
    await page.keyboard.press("Control+S");
    await page.waitForSelector(`.tabs-container .tab.active:not(.dirty)[aria-label*="${task.file}"]`);
  });
  // The window is open until standard input ends, so that its processes can be looked at.
  say({ holding: true });
  await new Promise((resolve) => process.stdin.once("end", resolve).resume());
}

async function command(page, name) {
  await page.keyboard.press("F1");
  await page.waitForSelector(".quick-input-widget input");
  await page.keyboard.type(name);
  await page.waitForSelector(`.quick-input-list .monaco-list-row[aria-label*="${name}"]`);
  await page.keyboard.press("Enter");
  await page.waitForSelector(".quick-input-widget", { state: "hidden" });
}

async function saysWhatIsMissing(page) {
  await step(page, "says what to do when tandem is not installed", async () => {
    await open(page);
    const toast = `.notification-toast:has-text("${task.advice}")`;
    await page.waitForSelector(toast);
    const messages = await page.locator(toast).allInnerTexts();
    if (messages.length !== 1) {
      throw new Error(`${messages.length} messages instead of one`);
    }
    return messages[0].split("\n").find((each) => each.includes(task.advice));
  });
}

main().catch((problem) => {
  if (!process.exitCode) {
    say({ step: "the workbench is driven", passed: false, seconds: 0, detail: String(problem) });
    process.exitCode = 1;
  }
});
