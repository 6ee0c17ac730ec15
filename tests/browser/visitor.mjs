// Somebody at a browser. Every page she sees is looked over: faults in the console, words in the wrong language, width.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

import { password, root } from "./stage.mjs";

const flags = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--lang=ja",
];
const patience_ms = 20_000;
/** With TODOKU_SCREENSHOTS=1 the README's pictures are made, and one of each page in this folder. */
const pictures = process.env.TODOKU_SCREENSHOTS === "1" && join(tmpdir(), "todoku-screenshots");
if (pictures) mkdirSync(pictures, { recursive: true });
export const pc = { width: 1280, height: 900 };
export const phone = { width: 390, height: 844 };

/** One Chromium for a file of stories. */
export class Chromium {
  static async open() {
    const opened = new Chromium();
    opened.browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: flags, timeout: 60_000 });
    return opened;
  }

  /** A visitor with cookies of her own. */
  async visitor(stage, { language = "ja" } = {}) {
    const context = await this.browser.newContext({
      locale: language === "ja" ? "ja-JP" : "en-GB",
      timezoneId: "Asia/Tokyo",
      viewport: pc,
      baseURL: stage.web,
      acceptDownloads: true,
      permissions: ["clipboard-read", "clipboard-write"],
    });
    context.setDefaultTimeout(patience_ms);
    return new Visitor(context, await context.newPage(), language);
  }

  async close() {
    await this.browser.close();
  }
}

/** One person with one tab. */
export class Visitor {
  constructor(context, page, language) {
    Object.assign(this, { context, page, language, faults: [], loads: 0, data: [] });
    watch(this);
  }

  /** Opens an address of ours and looks the page over. */
  async go(path, expected = 200) {
    const response = await this.page.goto(path);
    assert.equal(response.status(), expected, `${path}: ${response.status()}`);
    await this.look();
  }

  /** Presses a button or link that leads to a page, and looks that page over. */
  async press(name, scope = this.page) {
    const loads = this.loads;
    await button(scope, name).click();
    await arrived(this, loads);
    await this.look();
  }

  /** Chooses in a list that changes the row it stands in, and waits for the page with the new row. */
  async choose(name, label) {
    const loaded = this.page.waitForEvent("load");
    await this.page.locator(`main [name="${name}"]`).selectOption({ label });
    await loaded;
    await this.look();
  }

  /** Presses the main button of the form whose address ends like this. */
  async submit(action) {
    const loads = this.loads;
    await this.page.locator(`main form[action$="${action}"] button.primary[type=submit]`).first().click();
    await arrived(this, loads);
    await this.look();
  }

  /** Opens a folded question, reads what it will do, and says yes. */
  async confirm(name, yes, scope = this.page) {
    await scope.locator("summary", { hasText: name }).click();
    await this.press(yes, scope.locator("details[open]"));
  }

  async login(login, secret = password) {
    await this.go("/login");
    await this.fill({ login, password: secret });
    await this.submit("/login");
  }

  /** Fills fields by their names. */
  async fill(fields) {
    for (const [name, value] of Object.entries(fields)) {
      const field = this.page.locator(`main [name="${name}"]`).first();
      const tag = await field.evaluate((found) => found.tagName);
      await (tag === "SELECT" ? field.selectOption(value) : field.fill(value));
    }
  }

  /** What stands in a field. */
  value(name) {
    return this.page.locator(`main [name="${name}"]`).first().inputValue();
  }

  /** The words of the page below the frame. */
  words() {
    return this.page.locator("main").innerText();
  }

  /** Asserts that the page says each of these. */
  async says(...expected) {
    const words = (await this.words()).replace(/\s+/g, " ");
    for (const part of expected) {
      const found = part instanceof RegExp ? part.test(words) : words.includes(part);
      assert.ok(found, `${this.page.url()} does not say ${part}:\n${words}`);
    }
  }

  /** The sentence beside a field that says what is wrong with it. */
  wrong(name) {
    return this.page.locator(".field", { has: this.page.locator(`[name="${name}"]`) }).locator(".wrong").innerText();
  }

  /** Looks the page over; the story fails at the page that is at fault. */
  async look() {
    for (let tries = 3; ; tries -= 1) {
      try {
        return await this.#look();
      } catch (error) {
        // A live page loads itself anew when its work has ended, and may do so in the middle of a look.
        if (tries === 1 || !/context was destroyed|navigat/i.test(error.message)) throw error;
        await this.page.waitForLoadState("load");
      }
    }
  }

  async #look() {
    const { page } = this;
    const seen = await page.evaluate(overview);
    const at = new URL(page.url()).pathname;
    assert.equal(seen.lang, this.language, `${at}: html lang`);
    // What customers are called is in the customers' language.
    const ours = (text) => this.data.reduce((left, word) => left.replaceAll(word, ""), text);
    const foreign = this.language === "ja"
      ? seen.heads.filter((text) => isEnglish(ours(text)))
      : seen.texts.filter((text) => isJapanese(ours(text)));
    assert.deepEqual(foreign, [], `${at}: not in ${this.language}`);
    if (pictures) await page.screenshot({ path: this.#picture("pc"), fullPage: true });
    await page.setViewportSize(phone);
    const wide = await page.evaluate(tooWide);
    if (pictures) await page.screenshot({ path: this.#picture("phone"), fullPage: true });
    await page.setViewportSize(pc);
    assert.deepEqual(wide, [], `${at}: wider than a telephone`);
    assert.deepEqual(this.faults.splice(0), [], `${at}: faults in the browser`);
  }

  /** Does `act` and asserts that no page was loaded meanwhile. */
  async stays(act) {
    const loads = this.loads;
    const answer = await act();
    assert.equal(this.loads, loads, "a page was loaded");
    return answer;
  }

  /** Takes a picture for the README, where pictures are asked for. */
  async portrait(name) {
    if (!pictures) return;
    const bottom = await this.page.evaluate(() => Math.max(
      ...[...document.querySelectorAll("main > *")].map((part) => part.getBoundingClientRect().bottom + scrollY)));
    await this.page.setViewportSize({ width: pc.width, height: Math.min(pc.height, Math.max(560, Math.ceil(bottom) + 24)) });
    await this.page.evaluate(() => scrollTo(0, 0));
    await this.page.screenshot({ path: join(root, "docs/images", `${name}.png`) });
    await this.page.setViewportSize(pc);
  }

  #picture(size) {
    const page = new URL(this.page.url()).pathname.replace(/\d{6,}/g, "N").replaceAll("/", "-");
    return join(pictures, `${String(Math.floor(performance.timeOrigin + performance.now())).slice(-9)}${page}-${size}.png`);
  }

  async close() {
    await this.context.close();
    assert.deepEqual(this.faults, [], "faults in the browser");
  }
}

function button(scope, name) {
  const by = { name, exact: typeof name === "string" };
  return scope.getByRole("button", by).or(scope.getByRole("link", by)).first();
}

async function arrived(visitor, loads) {
  const deadline = Date.now() + patience_ms;
  while (visitor.loads === loads) {
    assert.ok(Date.now() < deadline, `no page came after ${visitor.page.url()}`);
    await visitor.page.waitForTimeout(10);
  }
  await visitor.page.waitForLoadState("load");
}

/** Keeps what the browser complains of, and counts the pages it loads. */
function watch(visitor) {
  const { page, faults } = visitor;
  page.on("load", () => (visitor.loads += 1));
  page.on("pageerror", (error) => faults.push(`script: ${error.message}`));
  page.on("response", (response) => {
    if (response.status() >= 500) faults.push(`${response.status()} ${response.url()}`);
  });
  page.on("console", (message) => {
    if (message.type() !== "error" && message.type() !== "warning") return;
    // A refusal with a page of its own is an answer, and the browser calls it an error.
    const refusal = /status of 4\d\d/.test(message.text()) && message.location().url === page.url();
    if (!refusal) faults.push(`console: ${message.text()}`);
  });
  page.on("requestfailed", (request) => {
    const why = request.failure()?.errorText ?? "";
    // A page that is left gives up what it was waiting for; a download is no page.
    if (why !== "net::ERR_ABORTED") faults.push(`request: ${request.url()} ${why}`);
  });
}

/** In the page: its language, what is a head or a label, and every word that is shown. */
function overview() {
  const shown = (element) => element.getClientRects().length > 0;
  const text = (element) => (element.innerText ?? "").trim().replace(/\s+/g, " ");
  const selector = "h1,h2,h3,th,label,legend,summary,button,dt,nav a";
  const heads = [...document.querySelectorAll(selector)]
    .filter((element) => shown(element) && !element.closest("[lang]:not(html)"))
    .map((element) => {
      const alone = element.cloneNode(true);
      alone.querySelectorAll("code,input,select,textarea").forEach((part) => part.remove());
      return text(alone) || (alone.textContent ?? "").trim().replace(/\s+/g, " ");
    });
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const texts = [document.title];
  while (walker.nextNode()) {
    const { parentElement: around, textContent } = walker.currentNode;
    if (around && !around.closest("[lang]:not(html),script,style")) texts.push(textContent.trim());
  }
  for (const element of document.querySelectorAll("[placeholder],[aria-label],[title],[alt]")) {
    for (const name of ["placeholder", "aria-label", "title", "alt"]) texts.push(element.getAttribute(name) ?? "");
  }
  return { lang: document.documentElement.lang, heads: heads.filter(Boolean), texts: texts.filter(Boolean) };
}

/** In the page: what sticks out to the right, where the page as a whole can be scrolled sideways. */
function tooWide() {
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return [];
  const inScroller = (element) => {
    for (let up = element.parentElement; up && up !== document.body; up = up.parentElement) {
      if (/auto|scroll|hidden/.test(getComputedStyle(up).overflowX)) return true;
    }
    return false;
  };
  const out = [...document.body.querySelectorAll("*")]
    .filter((element) => element.getBoundingClientRect().right > clientWidth + 1 && !inScroller(element));
  return [`${scrollWidth} px`, ...out.slice(0, 5).map((element) => element.outerHTML.slice(0, 120))];
}

/** A language's own name is the same everywhere. */
const isJapanese = (text) => /[\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Han}]/u.test(text.replace(/^日本語$/, ""));

/** What is called the same in every language. */
const names = new Set(["Todoku", "Gmail", "Google"]);

/** Words of Latin letters alone. Names of hosts, files and addresses, and abbreviations are the same everywhere. */
function isEnglish(text) {
  if (isJapanese(text) || text === "English") return false;
  const words = text.split(/[\s/,()]+/).filter((word) => /\p{sc=Latin}{2}/u.test(word));
  return words.some((word) => !/[.@_\d]/.test(word) && word !== word.toUpperCase() && !names.has(word));
}
