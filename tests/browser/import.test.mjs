// A list of customers as shops have them: recognised, looked at, watched while it comes in, ended half-way.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { upload } from "./acts.mjs";
import { Stage, until } from "./stage.mjs";
import { Chromium } from "./visitor.mjs";

const rows = 300_000;

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

/** Rows read so far, as the bar says. */
async function read() {
  const words = await midori.page.locator(".progress").innerText({ timeout: 1000 }).catch(() => "");
  return Number(/([\d,]+)行/.exec(words)?.[1].replaceAll(",", "") ?? 0);
}

test("an encoding and a delimiter that were recognised wrongly can be set right", async () => {
  const list = "氏名;メール\n青木 葵;aoi@aozora-bungu.example\n";
  await upload(stage, midori, "utf16.csv", Buffer.from(`\ufeff${list}`, "utf16le"));
  assert.equal(await midori.value("encoding"), "UTF-16LE");
  assert.equal(await midori.value("delimiter"), "semicolon");
  await midori.says("青木 葵", "aoi@aozora-bungu.example");
  await midori.fill({ encoding: "EUC-JP", delimiter: "comma" });
  await midori.press("この読み取り方で見直す");
  const said = await midori.words();
  assert.ok(!said.includes("青木 葵"), "read as chosen, it is garbled");
  await midori.fill({ encoding: "UTF-16LE", delimiter: "semicolon" });
  await midori.press("この読み取り方で見直す");
  await midori.says("青木 葵", "メールアドレス");
});

test("a long import is watched without a reload, and can be ended half-way", async () => {
  const lines = ["お客様番号,お名前,メールアドレス"];
  for (let n = 1; n <= rows; n += 1) lines.push(`L-${n},佐々木 ${n},sasaki-${n}@aozora-bungu.example`);
  await upload(stage, midori, "takusan.csv", `${lines.join("\n")}\n`);
  await midori.press("この内容で取り込みを始める");
  const seen = await midori.stays(async () => {
    const first = await until("rows are read", read);
    return [first, await until("more rows are read", async () => (await read()) > first && read())];
  });
  assert.ok(seen[1] > seen[0] && seen[1] < rows, `${seen}`);
  await midori.confirm("中止する", "中止する");
  await midori.says("取り込みを中止しました。", "中止");
  const [added, , , failed] = (await midori.page.locator(".kpi b").allInnerTexts()).map((n) => Number(n.replaceAll(",", "")));
  assert.ok(added > 0 && added < rows && failed === 0, `${added} added`);
  await midori.go("/contacts");
  await midori.says(`すべて ${added.toLocaleString("en")}`);
});
