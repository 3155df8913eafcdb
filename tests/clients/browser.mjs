// Opens a page in a real browser, without JavaScript of the page (the driver injects axe). Prints the violations that axe
// finds, horizontal overflow, the number of findings per filter, and network requests.
// Usage: node browser.mjs FOLDER-WITH-MODULES PAGE PROFILE [SCREENSHOT-PREFIX]
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, page, profile, pictures] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${resolve(modules)}/`));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const address = page.startsWith("http") ? page : pathToFileURL(resolve(page)).href;

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});
const seen = { violations: [], overflow: [], filters: {}, requests: [] };
for (const colorScheme of ["light", "dark"]) {
  for (const width of [320, 1280]) {
    // The content security policy of the page forbids scripts, so it is bypassed for axe.
    const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 }, bypassCSP: true });
    const tab = await context.newPage();
    tab.on("request", (request) => { if (request.url() !== address && !request.url().endsWith("/favicon.ico")) seen.requests.push(request.url()); });
    await tab.goto(address);
    await tab.evaluate(axe);
    await tab.evaluate(() => document.querySelectorAll("details").forEach((it) => { it.open = true; }));
    const { violations } = await tab.evaluate(() => axe.run());
    for (const it of violations) seen.violations.push(`${colorScheme} ${width}: ${it.id}: ${it.nodes[0].html}`);
    const wider = await tab.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (wider > 0) seen.overflow.push(`${colorScheme} ${width}: ${wider} px`);
    if (pictures) await tab.screenshot({ path: `${pictures}-${colorScheme}-${width}.png` });
    await context.close();
  }
}
const context = await browser.newContext({ javaScriptEnabled: false });
const tab = await context.newPage();
await tab.goto(address);
const filters = (await tab.locator(".choose").count()) ? ["all", "broken", "advice", "known", "waived"] : [];
for (const filter of filters) {
  await tab.click(`label[for=show-${filter}]`);
  seen.filters[filter] = await tab.locator(".findings > li:visible").count();
}
// Also with the keyboard.
if (filters.length) {
  await tab.focus("#show-all");
  await tab.keyboard.press("ArrowRight");
}
await browser.close();
console.log(JSON.stringify(seen));
