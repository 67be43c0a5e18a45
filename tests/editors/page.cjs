// What the drives of `workbench.cjs` do to VS Code's page, and what they read from it.
"use strict";

const task = JSON.parse(process.argv[2]);

const GHOST = ".ghost-text-decoration, .ghost-text-decoration-preview";
const GHOST_LINES = ".suggest-preview-text .view-line"; // What is below the cursor's line.
const TEXT_LINES = ".editor-instance .view-lines .view-line";
const NUDGE_MS = 5000; // Retype the last character while nothing is shown, as a person would.

async function openFile(page, name) {
  await page.keyboard.press("Control+P");
  await page.waitForSelector(".quick-input-widget input");
  await page.keyboard.type(name);
  // What was open before is listed at once, but chosen only when the list is of what was typed.
  await page.waitForSelector(`.quick-input-list .monaco-list-row.focused[aria-label*="${name}"]`);
  await page.keyboard.press("Enter");
  await page.waitForSelector(`.tabs-container .tab.active[aria-label*="${name}"]`);
  await page.click(".editor-instance .view-lines");
  await page.keyboard.press("Control+End");
}

// A non-breaking space is how the editor draws a space.
const plain = (text) => text.replace(/\u00a0/g, " ");

async function ghost(page) {
  const [first, ...below] = await page.evaluate(
    ([inline, lines]) => [
      [...document.querySelectorAll(inline)].map((part) => part.textContent).join(""),
      ...[...document.querySelectorAll(lines)].map((line) => line.textContent),
    ],
    [GHOST, GHOST_LINES],
  );
  return plain([first, ...below].join("\n"));
}

const retype = (page, typed) => async () => {
  await page.keyboard.press("Backspace");
  await page.keyboard.type(typed.at(-1));
};

async function waitForGhost(page, rest, doAgain) {
  const deadline = Date.now() + task.timeout_ms;
  let nudge = Date.now() + NUDGE_MS;
  for (;;) {
    const shown = await ghost(page);
    if (shown === rest) {
      return shown;
    }
    if (Date.now() > deadline) {
      throw new Error(`ghost text ${JSON.stringify(rest)} not shown; it is ${JSON.stringify(shown)}`);
    }
    if (Date.now() > nudge) {
      nudge = Date.now() + NUDGE_MS;
      await doAgain();
    }
    await page.waitForTimeout(100);
  }
}

// Wait until these lines stand one below the other; ghost text is in lines of its own and does not count.
const linesAre = (page, ...lines) =>
  page.waitForFunction(
    ([selector, wanted]) => {
      const top = (line) => Number.parseFloat(line.style.top);
      const shown = [...document.querySelectorAll(selector)].sort((a, b) => top(a) - top(b));
      const text = shown.map((line) => line.textContent.replace(/\u00a0/g, " ")).join("\n");
      return `\n${text}\n`.includes(`\n${wanted}\n`);
    },
    [TEXT_LINES, lines.join("\n")],
  );

const entry = (title) => `.action-widget .monaco-list-row:has-text("${title}")`;

// Open the menu until it holds the title, since the first look may come before the server has read the file.
async function openMenu(page, title) {
  const deadline = Date.now() + task.timeout_ms;
  for (;;) {
    await page.keyboard.press("Control+Period");
    const shown = page.waitForSelector(entry(title), { timeout: NUDGE_MS });
    if (await shown.catch(() => undefined)) {
      return;
    }
    if (Date.now() > deadline) {
      const rows = await page.locator(".action-widget .monaco-list-row").allInnerTexts();
      throw new Error(`no ${title} in the menu: ${rows.join(", ")}`);
    }
    await page.keyboard.press("Escape");
  }
}

// In the page: note every text of Tandem's in the status bar; a bar may be there for a second only.
function recordStatusBar() {
  window.saidInStatusBar = [""];
  new MutationObserver(() => {
    const items = [...document.querySelectorAll(".statusbar-item")].map((item) => item.textContent);
    const said = items.filter((text) => text.includes("Tandem:")).join();
    if (said !== window.saidInStatusBar.at(-1)) {
      window.saidInStatusBar.push(said);
    }
  }).observe(document, { subtree: true, childList: true, characterData: true });
}

// In the page: what the bar said, once it was there and nothing is any more.
const sawBar = (pattern) =>
  window.saidInStatusBar.at(-1) === "" &&
  window.saidInStatusBar.find((said) => new RegExp(pattern).test(said));

// In the page: what the bar said that holds a text.
const saidBar = (text) => window.saidInStatusBar.find((said) => said.includes(text));

async function command(page, name) {
  await page.keyboard.press("F1");
  await page.waitForSelector(".quick-input-widget input");
  await page.keyboard.type(name);
  await page.waitForSelector(`.quick-input-list .monaco-list-row[aria-label*="${name}"]`);
  await page.keyboard.press("Enter");
  await page.waitForSelector(".quick-input-widget", { state: "hidden" });
}

// Press a button of a question of the server's; returns the question.
async function answer(page, question, button, before = async () => {}) {
  const toast = page.locator(`.notification-toast:has-text("${question}")`);
  await toast.waitFor();
  const said = await toast.locator(".notification-list-item-message").innerText();
  await before();
  await toast.locator(`.monaco-button:has-text("${button}")`).click();
  return said;
}

async function notifications(page) {
  page.setDefaultTimeout(5000);
  await page.keyboard.press("Escape");
  await command(page, "Notifications: Show Notifications");
  await page.waitForSelector(".notifications-center.visible");
  return page.locator(".notifications-center .notification-list-item").allInnerTexts();
}

module.exports = {
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
};
