// From a list of customers to a segment, why somebody is not in it, and who of it gets a mail.

import assert from "node:assert/strict";
import { after, before } from "node:test";

import { addDomain, importList, send, waterfall, writeTemplate } from "./acts.mjs";
import { Stage, shop, step, until } from "./stage.mjs";
import { Chromium } from "./visitor.mjs";

const list = `お名前,メールアドレス,都道府県,メルマガ
青木 葵,aoi@aozora-bungu.example,東京都,希望する
小川 誠,makoto@aozora-bungu.example,東京都,希望しない
森 さくら,sakura@aozora-bungu.example,大阪府,希望する
原 健太,,東京都,希望する
`;

let stage, chromium, midori;
before(async () => {
  stage = await Stage.open({ operators: [{ login: "midori", name: "店主 みどり" }] });
  chromium = await Chromium.open();
  midori = await chromium.visitor(stage);
});
after(async () => {
  await midori?.close();
  await chromium?.close();
  await stage?.close();
});

const counted = () => midori.page.locator("#count .num-big b").innerText();

step("a segment is built row by row and counts while one types", async () => {
  await midori.login("midori");
  await importList(stage, midori, "customers.csv", list);
  await midori.go("/segments");
  await midori.says("まだ条件がありません");
  await midori.press("条件をつくる");
  await midori.choose("of-0", "都道府県");
  await midori.fill({ name: "東京の方" });
  await midori.stays(async () => {
    await midori.fill({ "v-0": "東京" });
    await until("the number", async () => (await counted().catch(() => "")) === "3");
  });
  await midori.says("『都道府県』に『東京』を含む人");
  await midori.press("条件を加える");
  await midori.choose("of-1", "メールアドレス");
  await midori.choose("test-1", "入っている");
  assert.equal(await counted(), "2");
  assert.equal(await midori.value("name"), "東京の方", "nothing is lost on the way");
  await midori.press("保存する");
  await midori.says("条件を保存しました。", "東京の方", "青木 葵", "小川 誠");
});

let segment;
step("why somebody is in it, and why somebody is not", async () => {
  segment = new URL(midori.page.url()).pathname;
  await midori.press("なぜ当てはまる?", midori.page.locator("li", { hasText: "青木" }));
  await midori.says("この条件に当てはまります。", "都道府県:東京都");
  await midori.go("/contacts?q=森");
  await midori.press("森 さくら");
  const path = new URL(midori.page.url()).pathname;
  await midori.go(`${path}/segments`);
  await midori.says("当てはまらない", "東京の方");
  await midori.press("なぜ?");
  await midori.says("この条件に当てはまりません。", "都道府県:大阪府", "いいえ", "はい");
});

step("a changed segment says who comes and who goes", async () => {
  await midori.go(`${segment}/edit`);
  await midori.fill({ "v-0": "大阪" });
  await until("the change", async () => /1人が加わり、2人が外れます/.test(await midori.words()));
  await midori.press("保存する");
  await midori.says("この変更で、1人が加わり、2人が外れます。");
  await midori.press("戻る");
});

step("it is sent to, and the difference is a page", async () => {
  await addDomain(stage, midori, shop);
  await writeTemplate(midori, { name: "春の便り", subject: "春の便り", text: "{{ name }} 様\n\n{{ unsubscribe_url }}\n" });
  await midori.go(segment);
  await midori.press("この方たちに送る");
  await midori.fill({ name: "東京の方へ", from_name: "花屋みどり", from_address: `info@${shop}` });
  await midori.submit("/broadcasts");
  await midori.says("条件に当てはまる方");
  await midori.submit("/audience");
  const bars = await waterfall(midori);
  assert.deepEqual(bars.map(([, number]) => number), [2, 1, 1]);
  await midori.press("人数の差の内訳");
  await midori.says("当てはまる2人のうち、1人に送ります", "配信停止", "ここまでで残り 1人");
  await midori.press("−1人");
  await midori.says("小川 誠");
  await midori.page.goBack();
  await midori.page.goBack();
  await send(midori);
  const mails = (await stage.journal()).filter((line) => line.kind === "delivery");
  assert.deepEqual(mails.map((mail) => mail.recipient), ["aoi@aozora-bungu.example"]);
});
