// One customer through everything that can be done to her: fields of every kind, the trash, two people at once, three
// registrations made one, and what stays when her data are erased.

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before } from "node:test";

import { Stage, step } from "./stage.mjs";
import { Chromium } from "./visitor.mjs";

let stage, chromium, midori, owner;
before(async () => {
  stage = await Stage.open({
    operators: [{ login: "midori", name: "店主 みどり" }, { login: "owner", name: "Owner", language: "en" }],
  });
  chromium = await Chromium.open();
  midori = await chromium.visitor(stage);
  owner = await chromium.visitor(stage, { language: "en" });
  await midori.login("midori");
  await owner.login("owner");
  owner.data = words;
  midori.data = ["Prefers letters"];
});
after(async () => {
  await owner?.close();
  await midori?.close();
  await chromium?.close();
  await stage?.close();
});

const here = (visitor = midori) => new URL(visitor.page.url()).pathname;

/** Adds a customer and gives her page. */
async function customer(fields) {
  await midori.go("/contacts/new");
  await midori.fill(fields);
  await midori.press("保存");
  return here();
}

const kinds = [
  ["好きな花", "text"], ["購入回数", "number"], ["誕生日", "date"], ["会員ランク", "choice", "ゴールド\nシルバー"],
  ["興味", "multi_choice", "花束\n鉢植え\n教室"], ["紙のカタログ", "boolean"], ["勤務先の電話", "phone"],
  ["お届け先", "address"], ["申込書", "file"],
];

/** What a page in English shows in Japanese, because it was typed so; the longer first. */
const words = [
  ...kinds.flatMap(([label, , choices = ""]) => [label, ...choices.split("\n")]), "青木 葵", "アオキ アオイ", "あおき あおい",
  "青木", "すみれ", "東京都千代田区1-1", "青空ビル 3階", "お手紙がよい", "青空文具", "店主 みどり", "お知らせを受け取る", "店頭の申込書 12番",
  "花束、教室", "店頭の",
].filter(Boolean).sort((one, other) => other.length - one.length);

let aoi;
step("a field of every kind is filled in, corrected and shown", async () => {
  await midori.go("/fields");
  for (const [label, kind, choices = ""] of kinds) {
    await midori.fill({ label, kind, choices });
    const loaded = midori.page.waitForEvent("load");
    await midori.page.getByRole("button", { name: "追加", exact: true }).click();
    await loaded;
  }
  await midori.look();
  await midori.says("項目を追加しました。", "複数選択", "花束 / 鉢植え / 教室");
  await owner.go("/fields");
  await owner.says("Several choices", "{{ 好きな花 }}");
  await midori.go("/contacts/new");
  await midori.fill({
    name: "青木 葵", address: "aoi@aozora-bungu.example", "extra:好きな花": "すみれ", "extra:購入回数": "千二百",
    "extra:誕生日": "令和8年1月5日", "extra:会員ランク": "ゴールド", "extra:紙のカタログ": "true",
    "extra:勤務先の電話": "０３－１２３４－５６７８", "extra:お届け先": "東京都千代田区1-1\n青空ビル 3階",
  });
  await midori.page.getByLabel("花束").check();
  await midori.page.getByLabel("教室").check();
  await midori.press("保存");
  await midori.says("「千二百」は、数として読み取れません");
  assert.ok(await midori.page.getByLabel("教室").isChecked(), "what was ticked stays");
  await midori.fill({ "extra:購入回数": "１,２００回" });
  await midori.press("保存");
  aoi = here();
  await midori.says("すみれ", "1,200", "2026年1月5日", "ゴールド", "花束、教室", "はい", "03-1234-5678", "青空ビル 3階");
  await midori.press("編集");
  assert.equal(await midori.value("extra:購入回数"), "1200");
  await midori.page.getByLabel("花束").uncheck();
  await midori.fill({ "extra:紙のカタログ": "false", "extra:誕生日": "1月5日", "extra:会員ランク": "" });
  await midori.press("保存");
  await midori.says("1月5日", "教室", "いいえ");
  assert.ok(!(await midori.words()).includes("ゴールド"));
  const path = join(stage.folder, "申込書.pdf");
  await writeFile(path, "%PDF-1.4 application");
  await midori.page.locator("input[type=file]").setInputFiles(path);
  await midori.press("ファイルを登録");
  await midori.says("ファイルを登録しました。", "申込書.pdf");
  const download = midori.page.waitForEvent("download");
  await midori.page.getByRole("link", { name: "申込書.pdf" }).first().click();
  assert.equal(await readFile(await (await download).path(), "utf8"), "%PDF-1.4 application");
  await owner.go(aoi);
  await owner.says("1,200", "5 Jan", "No", "申込書.pdf", "Remove the file");
  await owner.go(`${aoi}/edit`);
});

step("the trash gives everything back", async () => {
  await midori.go(aoi);
  await midori.confirm("ごみ箱へ入れる…", "はい、そうします");
  await midori.says("ごみ箱へ入れました。", "このお客様はごみ箱にいます");
  await midori.go("/contacts");
  assert.ok(!(await midori.words()).includes("青木 葵"));
  await midori.press("ごみ箱");
  await midori.says("ここにいる方にはメールを送りません");
  await owner.go("/contacts?trash=1");
  await owner.press("青木 葵");
  await owner.press("Take out of the trash");
  await midori.go(aoi);
  await midori.says("申込書.pdf", "ごみ箱から戻しました。", "教室");
});

step("the second of two people sees what the first changed, and keeps it or hers, value by value", async () => {
  await midori.go(`${aoi}/edit`);
  await owner.go(`${aoi}/edit`);
  await owner.fill({ phone: "03-9999-0000", note: "Prefers letters", dm: "no", "extra:購入回数": "1300" });
  await owner.press("Save");
  await midori.fill({ note: "お手紙がよい", kana: "あおき あおい" });
  await midori.press("保存");
  await midori.says("ほかの方が先に変更しました", "03-9999-0000", "Prefers letters", "お手紙がよい", "希望しない", "1,300");
  const chosen = (name, value) => midori.page.locator(`main input[name="${name}"][value="${value}"]`).isChecked();
  assert.ok(await chosen("phone", "03-9999-0000"), "what she left alone stays as it was saved");
  assert.ok(await chosen("dm", "no"));
  assert.ok(await chosen("note", "お手紙がよい"), "what she typed is proposed");
  await midori.page.locator('main input[name="note"][value="Prefers letters"]').check();
  await midori.press("選んだ値で保存");
  await midori.says("保存しました。", "03-9999-0000", "Prefers letters", "あおき あおい", "お知らせのメールを希望しない方です");
  // The same the other way round, in English.
  await owner.go(`${aoi}/edit`);
  await midori.go(`${aoi}/edit`);
  await midori.fill({ dm: "yes" });
  await midori.press("保存");
  await owner.fill({ company: "Aozora" });
  await owner.press("Save");
  await owner.says("Somebody else was faster");
  await owner.press("Edit what is there now");
  assert.equal(await owner.value("dm"), "yes");
});

step("three registrations become one with a value from each, and three again", async () => {
  await customer({ name: "青木", address: "aoi@aozora-bungu.example", company: "青空文具", external_id: "A-2" });
  const last = await customer({
    name: "アオキ アオイ", address: "aoi@aozora-bungu.example", external_id: "A-3", "extra:購入回数": "5",
  });
  await midori.go("/duplicates");
  await midori.says("1組あります", "青木 葵", "アオキ アオイ");
  await owner.go("/duplicates");
  await midori.press("まとめる…");
  await midori.says("残す登録", "1,300", "申込書.pdf");
  assert.ok(!(await midori.words()).includes("sha256"), "a file is its name");
  const id = (path) => path.split("/").pop();
  await midori.page.locator(`input[name="master"][value="${id(last)}"]`).check();
  await midori.page.locator(`input[name="from:name"][value="${id(aoi)}"]`).check();
  await midori.page.locator(`input[name="from:field:購入回数"][value="${id(aoi)}"]`).check();
  await owner.go(here() + new URL(midori.page.url()).search);
  await midori.press("1つにまとめる");
  await midori.says("1つにまとめました。", "青木 葵", "青空文具", "1,300", "ごみ箱から戻しました。", "申込書.pdf");
  await owner.go(last);
  await owner.says("Merged with other entries.");
  await midori.go("/contacts?q=A-2");
  await midori.says("青木 葵");
  await midori.go(last);
  await midori.press("元に戻す", midori.page.locator('form[action*="/merges/"]'));
  await midori.says("まとめる前に戻しました。");
  await midori.go(last);
  await midori.says("アオキ アオイ", "まとめたのを元に戻しました");
  await midori.go(aoi);
  await midori.says("青木 葵", "1,300");
});

step("her data go out as a copy, and are erased but for what proves her consent", async () => {
  await midori.go(`${aoi}/consent`);
  await midori.page.locator("main summary", { hasText: "同意を記録する" }).click();
  await midori.fill({ basis: "consent", route: "paper", wording: "お知らせを受け取る", evidence: "店頭の申込書 12番" });
  await midori.submit("/consent");
  await owner.go(`${aoi}/consent`);
  await midori.go(aoi);
  const copy = await midori.context.request.get(`${aoi}/data.json`);
  const told = JSON.parse(await copy.text());
  assert.equal(told.contact.name, "青木 葵");
  assert.equal(told.consents[0].evidence, "店頭の申込書 12番");
  assert.ok(told.events.length > 5);
  await owner.go(`${aoi}/erase`);
  await owner.says("This cannot be undone");
  await midori.press("個人情報を消去する");
  await midori.says("青木 葵の個人情報を消去しますか", "同意と取り消しの記録 1件");
  await midori.press("消去する");
  await midori.says("個人情報を消去しました", "同意の記録 1件を、読めない形で");
  await midori.go(aoi, 404);
  await midori.go("/contacts/erased");
  await midori.fill({ address: "だれか" });
  await midori.press("探す");
  assert.equal(await midori.wrong("address"), "メールアドレスとして読み取れません。");
  await midori.fill({ address: "ＡＯＩ＠aozora-bungu.example" });
  await midori.press("探す");
  await midori.says("AOI@aozora-bungu.example", "同意(本人の同意・申し込み)", "お知らせを受け取る", "店頭の申込書 12番");
  await owner.go("/contacts/erased?address=nobody@aozora-bungu.example");
  await owner.says("Nothing is kept for this address.");
});
