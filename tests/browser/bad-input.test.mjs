// What cannot be taken is told in one plain sentence at its place, and nothing that was typed is lost.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { importList, upload } from "./acts.mjs";
import { Stage } from "./stage.mjs";
import { Chromium } from "./visitor.mjs";

let stage, chromium, midori;
before(async () => {
  stage = await Stage.open({ operators: [{ login: "midori", name: "店主 みどり" }] });
  chromium = await Chromium.open();
  midori = await chromium.visitor(stage);
  await midori.login("midori");
});
after(async () => {
  await midori?.close();
  await chromium?.close();
  await stage?.close();
});

const start = "この内容で取り込みを始める";
const bad = () => midori.page.locator("main .notice.bad");

/** A list that cannot be imported at all: the preview says why, and "start" cannot be pressed. */
async function blocked(name, content, sentence) {
  await upload(stage, midori, name, content);
  assert.match(await bad().first().innerText(), sentence, name);
  assert.ok(await midori.page.getByRole("button", { name: start }).isDisabled(), `${name}: cannot be started`);
}

test("a file that is no list", async () => {
  await blocked("photo.csv", Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1, 2, 3, 0, 0, 0xff, 0xfe, 0, 7]), /文字のファイルではない/);
  await upload(stage, midori, "meibo.csv", Buffer.from("PK\x03\x04rest of an Excel file", "latin1"));
  assert.match(await bad().innerText(), /Excel ファイルとして読み取れません/);
  await blocked("heading.csv", "お名前,メールアドレス\r\n", /お客様の行が/);
  await upload(stage, midori, "empty.csv", "");
  assert.match(await bad().innerText(), /ファイルが空です/);
  assert.equal(await midori.page.locator("#file").count(), 1, "another file can be chosen at once");
  await midori.go("/contacts");
  await midori.says("まだお客様がいません");
});

test("a broken list: what can be read comes in, what cannot comes back with its reason", async () => {
  const rows = [
    "お名前,メールアドレス,電話番号,メルマガ",
    "青木 葵,aoi@aozora-bungu.example,,希望する",
    '小川 誠,"ogawa@aozora-bungu.example\r\nBcc: all@aozora-bungu.example",,希望する',
    "森 さくら,mori@aozora-bungu.example,,希望する,ビオラ,パンジー",
    "林 海斗,hayashi@@aozora-bungu.example,,希望する",
    "原 美咲,hara@aozora-bungu.example,,たぶん",
    '池田 健,"ikeda@aozora-bungu.example,,希望する',
  ];
  await upload(stage, midori, "kowareta.csv", `${rows.join("\r\n")}\r\n`);
  await midori.says("この行は取り込めません。", "閉じられていない二重引用符");
  await importList(stage, midori, "kowareta.csv", `${rows.join("\r\n")}\r\n`);
  await midori.says("新しく登録", "列の数が多すぎます", "使えません", "どちらか分かりません", "閉じられていない二重引用符");
  const numbers = await midori.page.locator(".kpi b").allInnerTexts();
  assert.deepEqual(numbers.map(Number), [1, 0, 0, 5]);
  const [download] = await Promise.all([
    midori.page.waitForEvent("download"),
    midori.page.getByRole("link", { name: "理由付きのファイルを受け取る" }).click(),
  ]);
  assert.equal(download.suggestedFilename(), "kowareta_取り込めなかった行.csv");
  await midori.go("/contacts?q=mori");
  await midori.says("当てはまるお客様はいません");
});

test("a line of 50 MB", async () => {
  const line = Buffer.alloc(50_000_000, "a");
  const around = ["お名前,メールアドレス\n西 凛,nishi@aozora-bungu.example\n林 花,", "\n谷 蓮,tani@aozora-bungu.example\n"].map((part) => Buffer.from(part));
  await importList(stage, midori, "long.csv", Buffer.concat([around[0], line, around[1]]));
  await midori.says("この行は長すぎて読み取れません");
  assert.deepEqual((await midori.page.locator(".kpi b").allInnerTexts()).map(Number), [2, 0, 0, 1]);
});

test("an address that cannot be used, or was meant differently", async () => {
  await midori.go("/contacts/new");
  await midori.fill({ address: "yamada@", name: "山田 花子", phone: "090-0000-1187", note: "鉢植えがお好き" });
  await midori.press("保存");
  assert.match(await midori.page.locator("#address-note .wrong").innerText(), /\p{sc=Han}/u);
  assert.equal(await midori.value("name"), "山田 花子");
  assert.equal(await midori.value("note"), "鉢植えがお好き");
  await midori.stays(async () => {
    await midori.fill({ address: "ｙａｍａｄａ＠ｇｍａｉ．ｃｏｍ" });
    await midori.page.locator('[name="phone"]').focus();
    await midori.page.getByRole("button", { name: "gmail.com に直す" }).click();
  });
  assert.equal(await midori.value("address"), "yamada@gmail.com");
  await midori.press("保存");
  await midori.says("お客様を登録しました。", "yamada@gmail.com");
});

test("an address with a line break", async () => {
  await midori.go("/contacts/new");
  const csrf = await midori.page.locator('main input[name="csrf"]').inputValue();
  const form = { csrf, name: "改行 太郎", address: "taro@aozora-bungu.example\r\nBcc: all@aozora-bungu.example" };
  const answer = await midori.context.request.post("/contacts", { form });
  assert.equal(answer.status(), 422);
  const page = await answer.text();
  assert.match(page, /class="wrong"/);
  assert.match(page, /改行 太郎/);
  await midori.go("/contacts?q=改行");
  await midori.says("当てはまるお客様はいません");
});

test("a template that cannot be filled in", async () => {
  const text = "{{ name | default(\"お客様\") }} 様\n\n{% if 前回のご注文 %}\nまたのご注文を\n{{ unsubscribe_url }}";
  await midori.go("/templates/new");
  await midori.fill({ name: "春の便り", subject: "{{ nam }} 様へ", text });
  await midori.press("保存");
  await midori.says("まだ保存していません。", "「nam」という差し込み項目はありません。「name」のことでしょうか。");
  const beside = midori.page.locator(".field", { has: midori.page.locator("#text") }).locator(".wrong");
  assert.match(await beside.first().innerText(), /行目/);
  assert.equal(await midori.value("name"), "春の便り");
  assert.equal((await midori.value("text")).replaceAll("\r\n", "\n"), text);
  await midori.fill({ subject: "{{ name }} 様へ", text: "{{ name }} 様\n{{ unsubscribe_url" });
  await midori.press("保存");
  assert.match(await beside.first().innerText(), /^2行目: 差し込みの書き方に誤りがあります/);
  await midori.fill({ text: "{{ name }} 様\n{{ unsubscribe_url }}" });
  await midori.press("保存");
  await midori.says("文面を保存しました。");
});

test("a page that is not there, and a broadcast that cannot be", async () => {
  await midori.go("/contacts/999999", 404);
  await midori.says("このページは見つかりません");
  await midori.go("/broadcasts/new");
  await midori.fill({ name: "春の便り", from_name: "花屋みどり", from_address: "info@gmail.com" });
  await midori.page.locator('[name="reply_to"]').focus();
  await midori.page.getByText("差出人に使えません").waitFor();
  await midori.fill({ from_address: "info" });
  await midori.press("次へ:送る相手");
  assert.match(await midori.wrong("from_address"), /\p{sc=Han}/u);
  assert.equal(await midori.value("name"), "春の便り");
});
