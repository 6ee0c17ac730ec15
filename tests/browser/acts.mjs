// What stories do on the way to what they are about.

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { root } from "./stage.mjs";

/** A file of the demonstration, as bytes. */
export const demo = (name) => readFile(join(root, "demo", name));

/** Uploads a list of customers and stops at the preview. The file stands in the stage's folder first. */
export async function upload(stage, visitor, name, content) {
  const path = join(stage.folder, name);
  await writeFile(path, content);
  await visitor.go("/imports/new");
  await visitor.page.locator("#file").setInputFiles(path);
  await visitor.submit("/imports");
}

/** Imports a list of customers to its end. */
export async function importList(stage, visitor, name, content) {
  await upload(stage, visitor, name, content);
  await visitor.submit("/plan");
  await visitor.page.locator('main .actions a[href="/imports/new"]').waitFor();
  await visitor.look();
}

/** The DNS records that the page of a domain asks for. */
export const recordsOf = (visitor) =>
  visitor.page.locator(".card.record").evaluateAll((cards) => cards.map((card) => ({
    name: card.querySelector("[id^=name-]").textContent,
    kind: card.querySelector("dl.facts dd code").textContent,
    value: card.querySelector("[id^=value-]").textContent,
  })));

/** Adds the shop's domain and publishes its records, as the shop does at its DNS company. */
export async function addDomain(stage, visitor, name) {
  await visitor.go("/domains");
  await visitor.fill({ name });
  await visitor.submit("/domains");
  await stage.publish(await recordsOf(visitor));
}

/** Writes a template and saves it. */
export async function writeTemplate(visitor, { name, subject, text }) {
  await visitor.go("/templates/new");
  await visitor.fill({ name, subject, text });
  await visitor.submit("/templates");
}

/** Goes through the steps of a broadcast to everyone, up to the last question. */
export async function compose(visitor, { name, template, from, as = "花屋みどり" }) {
  await visitor.go("/broadcasts/new");
  await visitor.fill({ name, from_name: as, from_address: from });
  if (template) await visitor.page.locator('[name="template"]').selectOption({ label: template });
  await visitor.submit("/broadcasts");
  await visitor.page.locator('[name="kind"][value="all"]').check();
  await visitor.submit("/audience");
}

/** The bars of a waterfall: [words, number], in order. */
export async function waterfall(visitor) {
  const lines = visitor.page.locator(".fall .line");
  const words = await lines.locator(".label").allInnerTexts();
  return (await lines.locator(".num").allInnerTexts()).map((number, n) => [words[n].trim(), count(number)]);
}

/** Opens every number of the waterfall that leads somewhere: its list is as long as the number says. Gives how many did. */
export async function openNumbers(visitor, rows) {
  const lines = await visitor.page.locator(".fall .line:has(a)").evaluateAll((found) => found.map((line) => ({
    href: line.querySelector("a").getAttribute("href"), number: line.querySelector(".num").innerText,
  })));
  const before = visitor.page.url();
  for (const { href, number } of lines) {
    await visitor.go(href);
    assert.equal(await visitor.page.locator(rows).count(), count(number), `${href}: ${number}`);
  }
  await visitor.page.goto(before);
  return lines.length;
}

/** The number in a text: "−1,187" is 1187. */
export const count = (text) => Number(text.replace(/[^\d]/g, ""));

/** Starts what stands before the last question, and waits until everyone has an outcome. */
export async function send(visitor) {
  await visitor.submit("/start");
  await visitor.page.locator("main h1 .tag", { hasText: /完了|Finished/ }).waitFor({ timeout: 60_000 });
  await visitor.look();
}
