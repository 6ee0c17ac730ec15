// What stories do on the way to what they are about.

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
