// Signs in with a link, claims a namespace and creates a token, without JavaScript. Then checks the page with axe in both
// themes and widths. Usage: node sign_in.mjs FOLDER-WITH-MODULES LINK ADDRESS
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, link, address] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${resolve(modules)}/`));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--no-first-run"] });
const seen = { violations: [], overflow: [] };
const context = await browser.newContext({ javaScriptEnabled: false });
const tab = await context.newPage();
await tab.goto(link);
await tab.click("button:has-text('Sign in')");
seen.first = tab.url();
// Invalid input first: the error is shown at the field, and the input is kept.
await tab.fill("#new-namespace", "Not A Name");
await tab.click("button:has-text('Claim')");
seen.kept = await tab.inputValue("#new-namespace");
seen.fieldError = await tab.textContent("#new-namespace-error");
await tab.fill("#new-namespace", "acme");
await tab.click("button:has-text('Claim')");
await tab.fill("#days", "7");
await tab.click("button:has-text('Create token')");
seen.key = (await tab.textContent(".notice pre code")).trim();
await tab.goto(`${address}/account`);
seen.shownAgain = (await tab.content()).includes(seen.key);
const state = await context.storageState();
for (const colorScheme of ["light", "dark"]) {
  for (const width of [320, 1280]) {
    const other = await browser.newContext({ colorScheme, viewport: { width, height: 900 }, bypassCSP: true, storageState: state });
    const page = await other.newPage();
    await page.goto(`${address}/account`);
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => axe.run());
    for (const it of violations) seen.violations.push(`${colorScheme} ${width}: ${it.id}: ${it.nodes[0].html}`);
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (wider > 0) seen.overflow.push(`${colorScheme} ${width}: ${wider} px`);
    await other.close();
  }
}
// Search, filter, and sign out.
await tab.goto(address);
await tab.fill("#q", "private keys");
await tab.click("button:has-text('Search')");
seen.found = await tab.locator("ul.list a").first().textContent();
await tab.click("summary");
await tab.check("input[name=stage][value=sketch]");
await tab.click("button:has-text('Apply')");
seen.none = await tab.locator("ul.list").count();
await tab.goto(`${address}/account`);
await tab.click("button:has-text('Sign out')");
await tab.goto(`${address}/account`);
seen.last = tab.url();
await browser.close();
console.log(JSON.stringify(seen));
