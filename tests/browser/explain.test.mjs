// Anybody may have an error mail read, without a login: what happened, whose turn it is, and the words that prove it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Stage } from "./stage.mjs";
import { Chromium } from "./visitor.mjs";

const bounce = `From: MAILER-DAEMON@mail.todoku.example
To: info@hanaya-midori.example
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I'm sorry to have to inform you that your message could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.todoku.example

Final-Recipient: rfc822; hanako@docomo.ne.jp
Action: failed
Status: 5.0.0
Remote-MTA: dns; mfsmax.docomo.ne.jp
Diagnostic-Code: smtp; 550 Unknown user hanako@docomo.ne.jp

--b--
`;

let stage, chromium;
before(async () => {
  stage = await Stage.open({ operators: [{ login: "midori", name: "店主 みどり" }] });
  chromium = await Chromium.open();
});
after(async () => {
  await chromium?.close();
  await stage?.close();
});

test("a pasted error mail is explained to a stranger", async () => {
  const stranger = await chromium.visitor(stage);
  await stranger.go("/login");
  await stranger.press(/エラーメールの意味を調べる/);
  await stranger.fill({ text: bounce });
  await stranger.submit("/explain");
  await stranger.says("届かなかったことを知らせるメールです", "hanako@docomo.ne.jp", "このメールアドレスは存在しません。", "の番です");
  assert.match((await stranger.page.locator("mark").allInnerTexts()).join(), /Unknown user/);
  await stranger.fill({ text: "お世話になっております。花の注文をお願いします。" });
  await stranger.submit("/explain");
  await stranger.says("エラーメールではないようです");
  await stranger.fill({ text: "" });
  await stranger.submit("/explain");
  assert.match(await stranger.wrong("text"), /貼り付けるか/);
  await stranger.close();
});

test("the same in English, from a file", async () => {
  const stranger = await chromium.visitor(stage, { language: "en" });
  await stranger.go("/explain");
  await stranger.page.locator("#file").setInputFiles({ name: "bounce.eml", mimeType: "message/rfc822", buffer: Buffer.from(bounce) });
  await stranger.submit("/explain");
  await stranger.says("hanako@docomo.ne.jp", "Unknown user");
  await stranger.close();
});

test("a file dropped on the page is read, and one too many is put off kindly", async () => {
  const stranger = await chromium.visitor(stage);
  await stranger.go("/explain");
  const dropped = await stranger.page.evaluateHandle((text) => {
    const files = new DataTransfer();
    files.items.add(new File([text], "returned.eml", { type: "message/rfc822" }));
    return files;
  }, bounce);
  await stranger.page.locator(".drop").dispatchEvent("drop", { dataTransfer: dropped });
  assert.match(await stranger.page.locator("#file").inputValue(), /returned\.eml$/);
  await stranger.submit("/explain");
  await stranger.says("hanako@docomo.ne.jp", "このメールアドレスは存在しません。");
  for (let asked = 0; ; asked += 1) {
    assert.ok(asked < 40, "nobody may ask without end");
    await stranger.fill({ text: "550 5.1.1 User unknown" });
    await stranger.page.locator('main form[action$="/explain"] button.primary').click();
    await stranger.page.waitForLoadState("load");
    if (/短い時間にたくさん/.test(await stranger.words())) break;
  }
  await stranger.close();
});
