// The whole way of a shop: from an empty house to an explained outcome for each of 300 customers.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before } from "node:test";

import { demo, upload } from "./acts.mjs";
import { Stage, password, shop, step, until } from "./stage.mjs";
import { Chromium } from "./visitor.mjs";

const customers = 300;

let stage, chromium, midori;
before(async () => {
  stage = await Stage.open({ delivery: { connections_per_site: 1 }, simulate: ["--latency-ms", "40"] });
  chromium = await Chromium.open();
  midori = await chromium.visitor(stage);
});
after(async () => {
  await midori?.close();
  await chromium?.close();
  await stage?.close();
});

const count = (text) => Number(text.replace(/[^\d]/g, ""));
const kpis = async () => (await midori.page.locator(".kpi b").allInnerTexts()).map(count);

step("the first page makes the owner, who then logs in", async () => {
  await midori.go("/");
  assert.match(midori.page.url(), /\/welcome$/);
  await midori.fill({ name: "店主 みどり", login: "midori", password: "short", again: "short" });
  await midori.press("作成して始める");
  assert.match(await midori.wrong("password"), /10文字以上/);
  assert.equal(await midori.value("name"), "店主 みどり");
  await midori.fill({ password, again: password });
  await midori.press("作成して始める");
  await midori.says("管理者を作りました。", "はじめの4つ");
  await midori.press("ログアウト", midori.page.locator("nav.rail"));
  await midori.go("/welcome");
  assert.match(midori.page.url(), /\/login$/, "only once");
  await midori.login("midori");
});

step("a list of customers from the till's program comes in", async () => {
  await upload(stage, midori, "customers.csv", await demo("customers.csv"));
  assert.equal(await midori.value("encoding"), "Shift_JIS", "CP932 is recognised");
  await midori.says("koalakaede-1219@docomo.ne.jp", "青木葵");
  assert.equal(await midori.page.getByLabel("メールアドレス", { exact: true }).inputValue(), "address");
  assert.equal(await midori.page.getByLabel("メルマガ", { exact: true }).inputValue(), "wants_mail");
  await midori.press("この内容で取り込みを始める");
  await midori.page.getByRole("link", { name: "別の名簿を取り込む" }).waitFor();
  await midori.look();
  const [added, updated, unchanged, failed] = await kpis();
  assert.equal(added + updated + unchanged + failed, customers);
  assert.ok(failed > 0, "the list has rows that cannot be taken");
  const [download] = await Promise.all([
    midori.page.waitForEvent("download"),
    midori.page.getByRole("link", { name: "理由付きのファイルを受け取る" }).click(),
  ]);
  const bytes = await readFile(await download.path());
  assert.throws(() => new TextDecoder("utf-8", { fatal: true }).decode(bytes), "CP932, as it came");
  const lines = new TextDecoder("shift_jis", { fatal: true }).decode(bytes).trimEnd().split("\r\n");
  assert.equal(lines.length, failed + 1);
  assert.match(lines[0], /^お客様番号,.*取り込めなかった理由$/);
  for (const line of lines.slice(1)) assert.match(line, /。"?$/, "each row has its reason");
  await midori.go("/contacts");
  await midori.says(`すべて ${added}`);
});

step("a template greets by name, and shows itself as one customer gets it", async () => {
  await midori.go("/templates/new");
  const [subject, text, html] = await Promise.all(["subject.txt", "template.txt", "template.html"].map(demo));
  await midori.fill({ name: "冬のご予約", subject: `${subject}`.trim(), text: `${text}` });
  await midori.page.locator("summary", { hasText: "HTML も送る" }).click();
  await midori.fill({ html: `${html}` });
  await midori.press("保存");
  await midori.says("文面を保存しました。");
  await midori.press("プレビュー");
  await midori.fill({ q: "青木葵" });
  await midori.press("探す");
  await midori.press(/青木葵/);
  await midori.says("青木葵 様に届くとおりの表示です。", "【花屋みどり】冬のご予約を始めました");
  const letter = midori.page.frameLocator(".letter iframe");
  await letter.getByText("青木葵").first().waitFor();
});
