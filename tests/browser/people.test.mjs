// One customer with several addresses and numbers, and the list as an Excel file that goes out and comes in again.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";

import { upload } from "./acts.mjs";
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

test("further addresses and numbers are added, preferred, taken off and brought back", async () => {
  await midori.go("/contacts/new");
  await midori.fill({ name: "青木 葵", address: "aoi@aozora-bungu.example", phone: "03-1234-5678" });
  await midori.press("保存");
  await midori.press("アドレスを追加");
  await midori.fill({ value: "ａｏｉ＠office.example", label: "会社" });
  await midori.press("保存");
  await midori.says("aoi@office.example", "会社");
  await midori.press("電話番号を追加");
  await midori.fill({ value: "内線3" });
  await midori.press("保存");
  await midori.says("電話番号として読めません。");
  await midori.fill({ value: "+81 90 1234 5678", label: "携帯" });
  await midori.press("保存");
  const row = (text) => midori.page.locator("#points li", { hasText: text });
  await midori.press("いつも使うものにする", row("aoi@office.example"));
  await midori.says("いつも使う連絡先を変えました。", "いつも使う連絡先を aoi@aozora-bungu.example から aoi@office.example に変えました。");
  await midori.press("外す", row("+81 90 1234 5678"));
  await midori.says("連絡先を外しました。");
  await midori.page.locator("#points summary", { hasText: "外した連絡先" }).click();
  await midori.press("元に戻す", midori.page.locator("#points"));
  await midori.says("連絡先を元に戻しました。");
  await midori.go("/contacts?q=09012345678");
  await midori.says("青木 葵");
});

test("the list goes out as an Excel file and comes in again", async () => {
  await midori.go("/contacts/export");
  const answer = await midori.context.request.get("/contacts/export.xlsx");
  assert.equal(answer.status(), 200);
  await upload(stage, midori, "customers.xlsx", await answer.body());
  await midori.says("customers.xlsx [Sheet1]", "青木 葵", "そのほかのメールアドレス", "+81 90 1234 5678");
  await upload(stage, midori, "broken.xlsx", Buffer.from("PK\x03\x04nothing", "latin1")).catch(() => {});
  await midori.go("/imports/new");
});
