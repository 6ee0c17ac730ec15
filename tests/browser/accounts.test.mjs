// Who may come in, who may do what, and what keeps a stranger's form out.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Stage, password } from "./stage.mjs";
import { Chromium } from "./visitor.mjs";

let stage, chromium;
before(async () => {
  const operators = [
    { login: "midori", name: "店主 みどり" },
    { login: "sato", name: "佐藤" },
    { login: "suzuki", name: "鈴木", role: "member" },
  ];
  stage = await Stage.open({ operators });
  chromium = await Chromium.open();
});
after(async () => {
  await chromium?.close();
  await stage?.close();
});

test("five wrong passwords lock, and another owner unlocks", async () => {
  const sato = await chromium.visitor(stage);
  for (const left of [4, 3, 2, 1]) {
    await sato.login("sato", "not-my-password");
    await sato.says(`あと${left}回`);
    assert.equal(await sato.value("login"), "sato", "the name is kept");
  }
  await sato.login("sato", "not-my-password");
  await sato.says("ロックされています");
  await sato.login("sato");
  await sato.says("ロックされています");

  const midori = await chromium.visitor(stage);
  await midori.login("midori");
  await midori.press("担当者");
  await midori.says("ロック中");
  await midori.press("佐藤");
  await midori.press("ロックを解除");
  await midori.says("ロックを解除しました。", "ログインできます");
  await sato.login("sato");
  await sato.says("今日、手が要ることはありません");
  await Promise.all([sato.close(), midori.close()]);
});

test("the last owner stays", async () => {
  const midori = await chromium.visitor(stage);
  await midori.login("midori");
  await midori.go("/operators");
  await midori.press("佐藤");
  await midori.fill({ role: "member" });
  await midori.press("役割を変える");
  await midori.says("役割を変えました。");
  await midori.go("/operators");
  await midori.press("店主 みどり", midori.page.locator("main"));
  const sentence = "この方は最後の管理者です";
  await midori.fill({ role: "member" });
  await midori.press("役割を変える");
  await midori.says(sentence);
  await midori.confirm("この担当者を削除", "削除する");
  await midori.says(sentence);
  await midori.go("/operators");
  await midori.says("店主 みどり", "管理者");
  await midori.close();
});

test("a member is told politely which pages are the owners'", async () => {
  const suzuki = await chromium.visitor(stage);
  await suzuki.login("suzuki");
  assert.equal(await suzuki.page.locator("nav.rail").getByText("送信経路").count(), 0, "no entry");
  for (const path of ["/operators", "/operators/new", "/operators/1", "/domains", "/sources", "/sources/1"]) {
    await suzuki.go(path, 403);
    await suzuki.says("この画面は管理者だけが開けます", "管理者の方に操作を頼むか");
  }
  await suzuki.close();
});

test("a form without our token is refused and changes nothing", async () => {
  const midori = await chromium.visitor(stage);
  await midori.login("midori");
  await midori.go("/contacts/new");
  await midori.page.locator('main input[name="csrf"]').evaluate((field) => field.remove());
  await midori.fill({ name: "よその 者", address: "yoso@aozora-bungu.example" });
  await midori.press("保存");
  await midori.says("画面が古くなっていました", "安全のため、この操作は行っていません。");
  const forms = { "/contacts": "name=x", "/operators/2/remove": "", "/logout": "", "/language": "language=en" };
  for (const [path, form] of Object.entries(forms)) {
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const answer = await midori.context.request.post(path, { data: form, headers, maxRedirects: 0 });
    assert.equal(answer.status(), 403, path);
  }
  const multipart = { file: { name: "a.csv", mimeType: "text/csv", buffer: Buffer.from("a\nb\n") } };
  assert.equal((await midori.context.request.post("/imports", { multipart })).status(), 403);
  await midori.go("/contacts");
  await midori.says("まだお客様がいません");
  await midori.close();
});

test("a page asked for before the login comes after it, and a password can be changed", async () => {
  const suzuki = await chromium.visitor(stage);
  await suzuki.go("/account");
  assert.match(suzuki.page.url(), /\/login\?next=/);
  await suzuki.fill({ login: "suzuki", password });
  await suzuki.press("ログイン");
  assert.match(suzuki.page.url(), /\/account$/);
  await suzuki.fill({ current: password, password: "aaaaaaaaaaaa", again: "aaaaaaaaaaaa" });
  await suzuki.press("パスワードを変える");
  assert.match(await suzuki.wrong("password"), /推測されやすい/);
  await suzuki.fill({ current: password, password: "yuugao-to-kikyou", again: "yuugao-to-kikyou" });
  await suzuki.press("パスワードを変える");
  await suzuki.says("パスワードを変えました。");
  await suzuki.press("ログアウト", suzuki.page.locator("nav.rail"));
  await suzuki.says("ログアウトしました。");
  await suzuki.login("suzuki", "yuugao-to-kikyou");
  await suzuki.says("今日、手が要ることはありません");
  await suzuki.close();
});
