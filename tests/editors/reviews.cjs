// Reviews in VS Code: by the command palette; what is found is read from the Problems panel.
"use strict";

const { answer, command, entry, linesAre, openFile, openMenu } = require("./page.cjs");

const task = JSON.parse(process.argv[2]);

const REVIEW = "Tandem: Review Changes";
const PROBLEMS = ".markers-panel-container .monaco-list-row";
const PLACE = /\[Ln (\d+), Col \d+\]$/; // A place that is related stands in front of what is said of it.

// `tools` are those of workbench.cjs: `step`, `open` and `picture`.
async function reviews(page, { step, open, picture }) {
  const { scope, call, changed, mended, note, stale, claim, take, dismiss, offer, report } = task.review;
  const { kiosk, stopped, unknown, restored } = task.review;
  await step(page, "the workbench opens a small repository, and knows its files", async () => {
    await open(page);
    await page.waitForSelector('.statusbar-item[aria-label$=" 2 files indexed"]');
    await command(page, "Problems: Focus on Problems View");
    await page.waitForSelector(".markers-panel-container");
  });
  await step(page, "the command asks what is to be reviewed", async () => {
    const offered = await choose(page, "", () => picture(page, "scopes"));
    return offered.join(", ");
  });
  await step(page, "what is proven is shown at once; stopped, it stays", async () => {
    await choose(page, scope);
    await problemsAre(page, [[stale, 7]]); // Pro has not answered yet.
    await command(page, "Tandem: Stop Review");
    const said = await toast(page, stopped);
    await problemsAre(page, [[stale, 7]]);
    return said;
  });
  await step(page, "cleared, nothing is shown", async () => {
    await command(page, "Tandem: Clear Findings");
    await problemsAre(page, []);
  });
  await step(page, "a review ends with a question; the report may be read", async () => {
    await choose(page, scope);
    const said = await answer(page, scope, report);
    await linesAre(page, `# Review of ${scope}`);
    return said;
  });
  await step(page, "what is found stands on its lines, in the open file and the other", async () => {
    const shown = await problemsAre(page, [[stale, 7], [claim, 5]]);
    await picture(page, "review");
    return shown.join(" | ");
  });
  await step(page, "a line above: it follows", async () => {
    await openFile(page, task.file);
    await typeAbove(page, note);
    return (await problemsAre(page, [[stale, 7], [claim, 6]])).join(" | ");
  });
  await step(page, "its suggestion is taken: it is gone", async () => {
    await openFile(page, task.file);
    await page.keyboard.press("ArrowUp");
    await openMenu(page, take);
    await picture(page, "take");
    await page.click(entry(take));
    await linesAre(page, mended);
    await problemsAre(page, [[stale, 7]]);
    return take;
  });
  await step(page, "undo brings line and finding back", async () => {
    await page.keyboard.press("Control+Z");
    await linesAre(page, changed);
    await problemsAre(page, [[stale, 7], [claim, 6]]);
  });
  await step(page, "the caller's file opens with its finding, once; it follows as well", async () => {
    await openFile(page, kiosk);
    await problemsAre(page, [[stale, 7], [claim, 6]]);
    await typeAbove(page, note);
    return (await problemsAre(page, [[stale, 8], [claim, 6]])).join(" | ");
  });
  await step(page, "dismissed, it is gone", async () => {
    await openFile(page, kiosk);
    await linesAre(page, call);
    await page.keyboard.press("ArrowUp");
    await openMenu(page, dismiss);
    await picture(page, "dismiss");
    await page.click(entry(dismiss));
    await problemsAre(page, [[claim, 6]]);
    return dismiss + stale;
  });
  await step(page, "the next review does not show it; brought back, the one after does", async () => {
    await choose(page, scope);
    await toast(page, scope);
    await problemsAre(page, [[claim, 6]]);
    await command(page, "Tandem: Show Dismissed Findings Again");
    await toast(page, restored);
    await choose(page, scope);
    await toast(page, scope);
    return (await problemsAre(page, [[stale, 8], [claim, 6]])).join(" | ");
  });
  await step(page, "the branch that others leave is named already", async () => {
    await choose(page, "This branch against");
    const input = page.locator('.quick-input-widget:has-text("Against which branch?") input');
    await input.waitFor();
    const value = await input.inputValue();
    if (value !== "main") {
      throw new Error(`the branch is ${JSON.stringify(value)}`);
    }
    await page.keyboard.press("Enter");
    return toast(page, "this branch since main");
  });
  await step(page, "what the server refuses is a warning", async () => {
    await choose(page, "A commit");
    await page.waitForSelector('.quick-input-widget:has-text("Which commit?") input');
    await page.keyboard.press("Control+A");
    await page.keyboard.type("nowhere");
    await page.keyboard.press("Enter");
    return toast(page, unknown);
  });
  await step(page, "a line that is not committed offers the review", async () => {
    await command(page, "Tandem: Clear Findings");
    await problemsAre(page, []);
    await openFile(page, task.file);
    await page.keyboard.press("ArrowUp");
    await command(page, "Source Action...");
    await page.waitForSelector(entry(offer));
    await page.click(entry(offer));
    await toast(page, scope);
    await problemsAre(page, [[stale, 8], [claim, 6]]);
    return offer;
  });
}

// Give the command and choose a scope; with none, return those that are offered.
async function choose(page, scope, before = async () => {}) {
  await page.keyboard.press("F1");
  await page.waitForSelector(".quick-input-widget input");
  await page.keyboard.type(REVIEW);
  await page.waitForSelector(`.quick-input-list .monaco-list-row[aria-label*="${REVIEW}"]`);
  await page.keyboard.press("Enter");
  await page.waitForSelector('.quick-input-title:has-text("Tandem: Review Changes")');
  const rows = page.locator(".quick-input-list .monaco-list-row");
  await rows.first().waitFor();
  const offered = await rows.allInnerTexts();
  await before();
  if (scope === "") {
    await page.keyboard.press("Escape");
    await page.waitForSelector(".quick-input-widget", { state: "hidden" });
  } else {
    await rows.filter({ hasText: new RegExp(scope, "i") }).click();
  }
  return offered.map((text) => text.trim());
}

// Wait for a message; takes it, and all others, away.
async function toast(page, text) {
  const shown = page.locator(`.notification-toast:has-text("${text}")`).first();
  await shown.waitFor();
  const said = await shown.locator(".notification-list-item-message").innerText();
  await command(page, "Notifications: Clear All Notifications");
  await shown.waitFor({ state: "hidden" });
  return said;
}

async function typeAbove(page, text) {
  await page.keyboard.press("Control+Home");
  await page.keyboard.type(text);
  await page.keyboard.press("Escape");
  await page.keyboard.press("Enter");
}

// Wait until the panel shows these findings, [text, line], and no other problem; returns their rows.
async function problemsAre(page, wanted) {
  const deadline = Date.now() + task.timeout_ms;
  for (;;) {
    const rows = (await page.locator(PROBLEMS).allInnerTexts()).map((row) => row.replace(/\s+/g, " ").trim());
    const found = rows.filter((row) => PLACE.test(row));
    const stands = ([text, line]) =>
      found.some((row) => row.includes(text) && Number(PLACE.exec(row)[1]) === line);
    if (found.length === wanted.length && wanted.every(stands)) {
      return found;
    }
    if (Date.now() > deadline) {
      throw new Error(`the problems are not ${JSON.stringify(wanted)} but ${JSON.stringify(rows)}`);
    }
    await page.waitForTimeout(100);
  }
}

module.exports = { reviews };
