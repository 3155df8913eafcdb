// Signs in with the identity provider in a real browser. Usage: node sign_in_provider.mjs FOLDER-WITH-MODULES ADDRESS NAME
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, address, name] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${resolve(modules)}/`));
const { chromium } = require("playwright-core");
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--no-first-run"] });
const context = await browser.newContext({ javaScriptEnabled: false });
const tab = await context.newPage();
await tab.goto(`${address}/sign-in`);
await tab.click("a.main");
await tab.fill("input[name=login]", name);
await tab.fill("input[name=password]", "anything");
await tab.click("button[type=submit]");
// The provider asks for consent, then redirects to the registry.
await tab.click("button[type=submit]");
await tab.waitForURL(`${address}/**`);
const seen = { url: tab.url(), heading: await tab.textContent("h1") };
// A response that belongs to another user's sign-in is not accepted.
await tab.goto(`${address}/sign-in/callback?code=x&state=y`);
seen.forged = await tab.textContent("main p");
await browser.close();
console.log(JSON.stringify(seen));
