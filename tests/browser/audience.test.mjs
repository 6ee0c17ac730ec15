// From a list of customers to a mail that only those get who may: consent on record, topics, the suppression list, people put
// in and taken out by hand, and for everybody left out a number with her name behind it.

import assert from "node:assert/strict";
import { after, before } from "node:test";

import { addDomain, importList, openNumbers, send, waterfall, writeTemplate } from "./acts.mjs";
import { Stage, shop, step, until } from "./stage.mjs";
import { Chromium } from "./visitor.mjs";

const list = `お客様番号,お名前,メールアドレス,都道府県,メルマガ
C-1,青木 葵,aoi@aozora-bungu.example,東京都,希望する
C-2,小川 誠,makoto@aozora-bungu.example,東京都,希望しない
C-3,森 さくら,sakura@aozora-bungu.example,大阪府,希望する
C-4,原 健太,,東京都,希望する
C-5,林 桃子,momoko@aozora-bungu.example,東京都,希望する
C-6,岡 正,tadashi@tomeru.example,東京都,希望する
C-7,池田 光,hikaru@aozora-bungu.example,東京都,希望する
`;

let stage, chromium, midori, owner;
before(async () => {
  stage = await Stage.open({
    operators: [{ login: "midori", name: "店主 みどり" }, { login: "owner", name: "Owner", language: "en" }],
  });
  chromium = await Chromium.open();
  midori = await chromium.visitor(stage);
  owner = await chromium.visitor(stage, { language: "en" });
});
after(async () => {
  await owner?.close();
  await midori?.close();
  await chromium?.close();
  await stage?.close();
});

/** The page of a customer. */
async function customer(name) {
  await midori.go(`/contacts?q=${name.split(" ")[0]}`);
  await midori.press(name);
  return new URL(midori.page.url()).pathname;
}

step("the rules, the list and the builder in English", async () => {
  await owner.login("owner");
  await owner.go("/broadcasts/limits");
  await owner.says("The setting to begin with", "One mail, to the newest registration");
  await owner.page.locator('[name="demand"][value="since"]').check();
  await owner.submit("/broadcasts/limits");
  await owner.says("Please give the day");
  await owner.go("/suppressions");
  await owner.fill({ keys: "gone@aozora-bungu.example", note: "by telephone" });
  await owner.submit("/suppressions");
  await owner.says("1 put on the list.", "by telephone");
  await owner.press("Take off the list");
  await owner.says("The list is empty.");
  await owner.go("/segments/new");
  const loaded = owner.page.waitForEvent("load");
  await owner.page.locator('main [name="of-0"]').selectOption("consent");
  await loaded;
  await owner.look();
  await owner.says("people for whom a basis for advertising is on record");
});

let segment, aoi;
step("who has no consent on record is found, and the page says why", async () => {
  await midori.login("midori");
  await importList(stage, midori, "customers.csv", list);
  await midori.go("/segments/new");
  await midori.choose("of-0", "都道府県");
  await midori.fill({ name: "東京の方", "v-0": "東京" });
  await midori.press("条件を加える");
  await midori.choose("of-1", "広告メールへの同意の記録");
  await midori.choose("test-1", "がない");
  await midori.says("広告メールを送れる根拠の記録がない人");
  await until("the number", async () => (await midori.page.locator("#count .num-big b").innerText()) === "6");
  await midori.page.locator("#count summary").click();
  await midori.says("青木 葵", "岡 正");
  await midori.press("外す", midori.page.locator(".rule-row").nth(1));
  await midori.press("保存する");
  await midori.says("条件を保存しました。", "東京の方");
  segment = new URL(midori.page.url()).pathname;
  aoi = await customer("青木 葵");
  await midori.go(`${segment}/why${aoi.replace("/contacts", "")}`);
  await midori.says("この条件に当てはまります。");
});

step("what two people save does not get lost", async () => {
  await midori.go(`${segment}/edit`);
  const other = await midori.context.newPage();
  await other.goto(`${segment}/edit`);
  await other.locator('main [name="name"]').fill("東京のお客様");
  await other.locator('main button[value="save"]').last().click();
  await other.waitForLoadState("load");
  await other.close();
  await midori.fill({ name: "都内の方" });
  await midori.press("保存する");
  await midori.says("ほかの方がこの条件を保存しました", "東京のお客様");
  await midori.press("保存する");
  await midori.says("条件を保存しました。", "都内の方");
});

step("the rules of the house, the suppression list and a topic", async () => {
  await midori.go("/broadcasts/limits");
  await midori.says("特定電子メール法", "はじめの設定です");
  await midori.page.locator('[name="demand"][value="everybody"]').check();
  await midori.page.locator('[name="basis"]').first().uncheck();
  await midori.page.locator('[name="basis"]').first().check();
  await midori.submit("/broadcasts/limits");
  await midori.says("保存しました。");
  await midori.go("/suppressions");
  await midori.says("まだ何も載っていません");
  await midori.fill({ keys: "@tomeru.example\nだめな行 です", note: "お電話で" });
  await midori.submit("/suppressions");
  await midori.says("だめな行 です");
  await midori.fill({ keys: "@tomeru.example" });
  await midori.submit("/suppressions");
  await midori.says("1件をリストに載せました。", "@tomeru.example", "ドメイン全体", "お電話で");
  await midori.go("/topics");
  await midori.fill({ name: "新商品" });
  await midori.submit("/topics");
  await midori.says("新商品");
});

step("consent is written down, and can be printed as proof", async () => {
  for (const name of ["青木 葵", "森 さくら"]) {
    const path = await customer(name);
    await midori.go(`${path}/consent`);
    await midori.page.locator("main summary", { hasText: "同意を記録する" }).click();
    await midori.page.locator('[name="basis"]').selectOption("consent");
    await midori.page.locator('[name="route"]').selectOption("paper");
    await midori.fill({ wording: "お知らせを受け取る", evidence: "店頭の申込書" });
    await midori.submit("/consent");
    await midori.says("同意を記録しました。", "店頭の申込書");
  }
});

step("the mail goes to those who may get it, and every number has its people", async () => {
  await addDomain(stage, midori, shop);
  await writeTemplate(midori, { name: "春の便り", subject: "春の便り", text: "{{ name }} 様\n\n{{ unsubscribe_url }}\n" });
  await midori.go(segment);
  await midori.press("この方たちに送る");
  await midori.fill({ name: "都内の方へ", from_name: "花屋みどり", from_address: `info@${shop}` });
  await midori.submit("/broadcasts");
  await midori.says("お知らせの種類");
  await midori.page.locator('[name="topic"]').selectOption({ label: "新商品" });
  await midori.page.locator("details summary", { hasText: "送らない方の決まり" }).click();
  await midori.page.locator('[name="duplicates"]').selectOption("consented");
  await midori.says("同意の記録がない方には送りません。");
  await midori.look();
  await midori.submit("/audience");
  await midori.press("送る相手を変える");
  assert.equal(await midori.value("duplicates"), "consented");
  await midori.press("一人ずつ加える・外す");
  await midori.fill({ q: "森" });
  await midori.press("探す");
  await midori.page.locator("button[name=go][value^='in ']").first().click();
  await midori.page.waitForLoadState("load");
  await midori.go(`${new URL(midori.page.url()).pathname}?q=林`);
  await midori.page.locator("button[name=go][value^='out ']").first().click();
  await midori.page.waitForLoadState("load");
  await midori.look();
  await midori.press("次へ");
  const bars = Object.fromEntries(await waterfall(midori));
  assert.deepEqual(bars, {
    選ばれた方: 7, 手で外した: 1, アドレスなし: 1, 配信停止: 1, 送信停止リスト: 1, 同意の記録なし: 1, 送る方: 2,
  });
  assert.equal(await openNumbers(midori, "main ul.stack li"), 7);
  await midori.press("人数の差の内訳");
  await midori.says("送信停止リスト", "同意の記録なし", "同意の記録の決まりを変える");
  await midori.press("−1人", midori.page.locator(".reason", { hasText: "同意の記録なし" }));
  await midori.says("池田 光", "記録を付ける");
});

step("a house that demands nothing is told how many have no record", async () => {
  await midori.go("/broadcasts/limits");
  await midori.page.locator('[name="demand"][value="nobody"]').check();
  await midori.submit("/broadcasts/limits");
  await midori.go("/broadcasts");
  await midori.press("都内の方へ");
  if (!/confirm/.test(midori.page.url())) await midori.go(`${new URL(midori.page.url()).pathname.replace(/\/(edit|audience)$/, "")}/confirm`);
  await midori.says("このうち 1人は、広告メールへの同意の記録がありません。");
  await midori.press("その方たちを見る");
  await midori.says("池田 光");
  await midori.page.goBack();
  await midori.page.waitForLoadState("load");
  await send(midori);
  assert.ok(await openNumbers(midori, "main table tbody tr") >= 6, "and so are the numbers of what was sent");
  const mails = (await stage.journal()).filter((line) => line.kind === "delivery");
  assert.deepEqual(mails.map((mail) => mail.recipient).sort(), [
    "aoi@aozora-bungu.example", "hikaru@aozora-bungu.example", "sakura@aozora-bungu.example",
  ]);
});
