// Drives VS Code's workbench in Chromium: `completes`, `completesWithModel`, `reviewsChanges` or `saysWhatIsMissing`,
// as the task says.
// One argument: a JSON object (see vscode.py). Prints one JSON object a line:
// {"step", "passed", "seconds", "detail"}. A step that fails ends the run; what was on the page goes into its detail.
"use strict";

const fs = require("node:fs");
const task = JSON.parse(process.argv[2]);
const { chromium } = require(task.playwright);
const {
  answer,
  command,
  entry,
  linesAre,
  notifications,
  openFile,
  openMenu,
  recordStatusBar,
  retype,
  saidBar,
  sawBar,
  waitForGhost,
} = require("./page.cjs");
const { reviews } = require("./reviews.cjs");

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
const BAR = /Tandem: reading \d+ of \d+ files/;

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
    const drive = { completes, completesWithModel, reviewsChanges, saysWhatIsMissing }[task.drive];
    await drive(page);
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

async function open(page) {
  await page.goto(task.url);
  await page.waitForSelector(".explorer-folders-view .monaco-list-row");
  await openFile(page, task.file);
}

async function completes(page) {
  const { line, typed, along } = task;
  await step(page, "the workbench opens the file", () => open(page));
  await step(page, "ghost text appears", async () => {
    await page.keyboard.type(typed, { delay: 60 });
    const shown = await waitForGhost(page, line.slice(typed.length), retype(page, typed));
    await page.screenshot({ path: task.picture });
    return shown;
  });
  await step(page, "typing along keeps it", async () => {
    await page.keyboard.type(along, { delay: 60 });
    return waitForGhost(page, line.slice(typed.length + along.length), retype(page, along));
  });
  await step(page, "Tab takes it", async () => {
    await page.keyboard.press("Tab");
    await linesAre(page, line);
    return line;
  });
  await step(page, "Restart Server, and the next line is completed", async () => {
    const [indented, start] = [task.next.trimStart(), task.next_typed];
    await command(page, "Tandem: Restart Server");
    await page.keyboard.press("Enter");
    await page.keyboard.type(start, { delay: 60 });
    await waitForGhost(page, indented.slice(start.length), retype(page, start));
    await page.keyboard.press("Tab");
    await linesAre(page, task.next);
    return indented;
  });
  await step(page, "Why Is Nothing Shown? says why", async () => {
    await page.keyboard.press("Enter");
    await page.keyboard.type("ab");
    await page.keyboard.press("ArrowLeft");
    return saysWhy(page);
  });
  await step(page, "the file is saved", async () => {
    await page.keyboard.press("Control+S");
    await page.waitForSelector(`.tabs-container .tab.active:not(.dirty)[aria-label*="${task.file}"]`);
  });
  await step(page, "without a key a plan is a report", async () => {
    await wish(page);
    await page.waitForSelector(`.notification-toast:has-text("${task.plan.reported}")`);
    await linesAre(page, `# ${task.plan.instruction}`);
    await page.screenshot({ path: task.picture.replace(/\.png$/, "-report.png") });
    return `# ${task.plan.instruction}`;
  });
  // The window is open until standard input ends, so that its processes can be looked at.
  say({ holding: true });
  await new Promise((resolve) => process.stdin.once("end", resolve).resume());
}

// With the cursor inside a word: type there, give the editor time to ask (palettes make it drop that), then ask why.
async function saysWhy(page) {
  const toast = page.locator(`.notification-toast:has-text("${task.why}")`);
  const deadline = Date.now() + task.timeout_ms;
  while (!(await toast.count())) {
    if (Date.now() > deadline) {
      throw new Error(`no message ${task.why}`);
    }
    await page.keyboard.press("Escape");
    await page.keyboard.type("c");
    await page.waitForTimeout(1000);
    await command(page, "Tandem: Why Is Nothing Shown?");
    await page.waitForTimeout(500);
  }
  await page.screenshot({ path: task.picture.replace(/\.png$/, "-why.png") });
  await command(page, "Notifications: Clear All Notifications");
  return task.why;
}

async function completesWithModel(page) {
  const { header, block, place, first, second } = task;
  await page.addInitScript(recordStatusBar);
  await step(page, "the index's bar appears and ends", async () => {
    await open(page);
    const bar = await page.waitForFunction(sawBar, BAR.source);
    return bar.jsonValue();
  });
  await step(page, "the status says how many files are known", async () => {
    const item = page.locator('.statusbar-item[aria-label$="files indexed"]');
    await item.waitFor();
    return item.getAttribute("aria-label");
  });
  await step(page, "a block appears as ghost text where a body begins", async () => {
    await page.keyboard.type(header, { delay: 20 });
    await page.keyboard.press("Enter");
    await waitForGhost(page, block.join("\n").trimStart(), async () => {
      await page.keyboard.press("Backspace");
      await page.keyboard.press("Backspace");
      await page.keyboard.press("Enter");
    });
    await page.screenshot({ path: task.picture });
    return `${block.length} lines`;
  });
  await step(page, "Tab takes all of it, indented as it was shown", async () => {
    await page.keyboard.press("Tab");
    await linesAre(page, header, ...block);
  });
  await step(page, "Alt+] asks for more and shows the second answer", async () => {
    await page.keyboard.press("Enter");
    await page.keyboard.type(place, { delay: 20 });
    await waitForGhost(page, first, retype(page, place));
    const next = () => page.keyboard.press("Alt+BracketRight");
    await next();
    const shown = await waitForGhost(page, second, next);
    await page.keyboard.press("Tab");
    await linesAre(page, `    ${place}${second}`);
    return shown;
  });
  await repairs(page);
  await rewrites(page);
  await plans(page);
  await step(page, "a file that another program writes is told of as it is now", async () => {
    fs.writeFileSync(task.changed.path, task.changed.text);
    return toldOfChange(page);
  });
}

// The diagnostic is the built-in TypeScript server's; it is at the cursor, where Ctrl+. is pressed.
async function repairs(page) {
  const { file, title, line } = task.repair;
  const wrong = (state) => page.waitForSelector(".editor-instance .squiggly-error", { state });
  await step(page, "what the TypeScript server says is fixed, free", async () => {
    await openFile(page, file);
    for (const key of ["ArrowUp", "End", "ArrowLeft"]) {
      await page.keyboard.press(key);
    }
    await wrong("visible");
    await openMenu(page, title);
    await picture(page, "fixes");
    await page.click(entry(title));
    await linesAre(page, line);
    await wrong("detached");
    await asked(0);
    return title;
  });
  await step(page, "saving fixes all that needs no model, where the settings say so", async () => {
    await page.keyboard.press("Control+Z");
    await wrong("visible");
    await page.keyboard.press("Control+S");
    await linesAre(page, line);
    await wrong("detached");
    await asked(0);
  });
}

async function rewrites(page) {
  const { file, title, asking, stub, body, simplify, refused } = task.rewrite;
  await step(page, "the menu offers to implement a stub; nothing was sent", async () => {
    await openFile(page, file);
    await page.keyboard.press("ArrowUp");
    await openMenu(page, title);
    await picture(page, "rewrites");
    await asked(0);
    return title;
  });
  await step(page, "the progress says who is asked, for how much", async () => {
    await page.click(entry(title));
    const bar = await page.waitForFunction(saidBar, asking);
    return bar.jsonValue();
  });
  await step(page, "the editor holds the model's body", async () => {
    await linesAre(page, body);
    await asked(1);
    return body.trim();
  });
  await step(page, "one undo brings the stub back", async () => {
    await page.keyboard.press("Control+Z");
    await linesAre(page, stub);
  });
  await step(page, "where no answer passes the checks, the editor says so", async () => {
    await openFile(page, simplify.file);
    await page.keyboard.press("ArrowUp");
    await openMenu(page, simplify.title);
    await page.click(entry(simplify.title));
    const toast = page.locator(`.notification-toast:has-text("${refused}")`);
    await toast.waitFor();
    await linesAre(page, simplify.line);
    const [said] = (await toast.innerText()).split("\n");
    await command(page, "Notifications: Clear All Notifications");
    return said;
  });
}

// Choose the action for the method, and say what should change; returns the title of the box for that.
async function wish(page) {
  const { file, action, instruction } = task.plan;
  await openFile(page, file);
  await page.keyboard.press("ArrowUp");
  await openMenu(page, action);
  await page.click(entry(action));
  await page.waitForSelector('.quick-input-widget:has-text("What should change?") input');
  const title = await page.locator(".quick-input-title").innerText();
  await page.keyboard.type(instruction);
  await page.keyboard.press("Enter");
  return title;
}

async function plans(page) {
  const { file, caller, ask, heading, run, apply, before, after, discarded } = task.plan;
  await step(page, "the menu offers to plan a change, and asks for the words", () => wish(page));
  await step(page, "what a plan costs is asked about, above the user's threshold", () =>
    answer(page, ask, "Ask Pro"),
  );
  await step(page, "the plan is in an editor, and what carrying it out costs is asked", async () => {
    await linesAre(page, heading);
    return answer(page, run, "Carry out", () => picture(page, "plan"));
  });
  await step(page, "before anything is changed, it is asked", () =>
    answer(page, apply, "Apply", async () => {
      await page.waitForTimeout(1000); // The question slides in.
      await picture(page, "apply");
    }),
  );
  await step(page, "the editors of both files hold the result", async () => {
    await openFile(page, caller);
    await linesAre(page, after[1]);
    await openFile(page, file);
    await linesAre(page, after[0]);
  });
  await step(page, "one undo takes back all of it", async () => {
    await page.keyboard.press("Control+Z");
    await linesAre(page, before[0]);
    await openFile(page, caller);
    await linesAre(page, before[1]);
  });
  await step(page, "what the server refuses is a warning", async () => {
    await command(page, "Tandem: Discard the Last Plan");
    const toast = page.locator(`.notification-toast:has-text("${discarded}")`);
    await toast.waitFor();
    const [said] = (await toast.innerText()).split("\n");
    await command(page, "Notifications: Clear All Notifications");
    return said;
  });
}

const reviewsChanges = (page) => reviews(page, { step, open, picture });

const picture = (page, name) =>
  page.screenshot({ path: task.picture.replace(/-block\.png$/, `-${name}.png`) });

async function asked(wanted) {
  const questions = (await bodies()).filter((body) => body.messages !== undefined).length;
  if (questions !== wanted) {
    throw new Error(`the model was asked ${questions} times instead of ${wanted}`);
  }
}

// A prompt that was begun stays as it is (the prefix cache), so each try needs a file of its own.
async function toldOfChange(page) {
  let prompt = "";
  for (const [number, file] of task.later.entries()) {
    await page.waitForTimeout(1000);
    await openFile(page, file);
    await page.keyboard.type(task.place, { delay: 20 });
    await waitForGhost(page, task.first, retype(page, task.place));
    prompt = (await prompts()).find((each) => each.split("# ").at(-1).startsWith(`shop/${file}\n`)) ?? "";
    if (prompt.includes(task.changed.now) && !prompt.includes(task.changed.before)) {
      return `try ${number + 1}`;
    }
  }
  throw new Error(`${task.later.length} files later the prompt is:\n${prompt}`);
}

async function prompts() {
  return (await bodies()).map((body) => body.prompt).filter((prompt) => prompt !== undefined);
}

async function bodies() {
  const answer = await fetch(`${task.model}/_sim/record`);
  const { requests } = await answer.json();
  return requests.map((each) => each.body ?? {});
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
