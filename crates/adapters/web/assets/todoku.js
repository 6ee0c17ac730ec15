// Makes pages live where it helps. Every page works without it.

const every_ms = 1000;

/** Replaces each [data-live] box by what its address says now; loads the page anew when the work has ended. */
function live(box) {
  let failures = 0;
  const look = async () => {
    if (!box.isConnected) return;
    if (document.hidden) return void setTimeout(look, every_ms);
    try {
      const answer = await fetch(box.dataset.live, { headers: { "x-fragment": "1" } });
      if (answer.redirected) return void location.reload();
      if (!answer.ok) throw new Error(String(answer.status));
      const holder = document.createElement("template");
      holder.innerHTML = await answer.text();
      const fresh = holder.content.firstElementChild;
      if (!fresh || "settled" in fresh.dataset) return void location.reload();
      box.replaceWith(fresh);
      live(fresh);
    } catch {
      failures += 1;
      setTimeout(look, Math.min(every_ms * 2 ** failures, 30000));
    }
  };
  setTimeout(look, every_ms);
}
document.querySelectorAll("[data-live]").forEach(live);

/** Copies the text of the element a button names. */
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.querySelector(button.dataset.copy);
  if (!source) return;
  await navigator.clipboard.writeText(source.value ?? source.textContent);
  const label = button.textContent;
  button.textContent = button.dataset.copied || label;
  setTimeout(() => (button.textContent = label), 2000);
});

/** Ticks all rows of a form, and counts what is ticked. */
document.querySelectorAll("form[data-pick]").forEach((form) => {
  // Also those that stand outside and name the form.
  const rows = () => [...form.elements].filter((input) => input.matches("input[type=checkbox][data-row]"));
  const all = form.querySelector("input[data-pick-all]");
  const count = form.querySelector("[data-pick-count]");
  const show = () => {
    const ticked = rows().filter((row) => row.checked).length;
    if (count) count.textContent = ticked.toLocaleString();
    if (all) all.checked = ticked > 0 && ticked === rows().length;
    form.querySelectorAll("[data-needs-pick]").forEach((button) => (button.disabled = ticked === 0));
  };
  all?.addEventListener("change", () => {
    rows().forEach((row) => (row.checked = all.checked));
    show();
  });
  document.addEventListener("change", show);
  show();
});

/** Looks at an input's value on the server when the writer leaves it, and shows what it says. */
document.querySelectorAll("input[data-check]").forEach((input) => {
  const place = document.querySelector(input.dataset.into);
  input.addEventListener("change", async () => {
    const address = `${input.dataset.check}?value=${encodeURIComponent(input.value)}`;
    const answer = await fetch(address, { headers: { "x-fragment": "1" } }).catch(() => null);
    if (place && answer?.ok && !answer.redirected) place.innerHTML = await answer.text();
  });
});

/** Puts a suggested value into its field. */
document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-fill]");
  const field = button && document.querySelector(button.dataset.fill);
  if (!field) return;
  event.preventDefault();
  field.value = button.value;
  field.dispatchEvent(new Event("change"));
  field.focus();
});

/** Writes a merge field where the writer was last. */
let writing = null;
document.addEventListener("focusin", (event) => {
  if (event.target.matches("[data-merge]")) writing = event.target;
});
document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-insert]");
  const place = button && (writing ?? document.querySelector("textarea[data-merge]"));
  if (!place) return;
  place.focus();
  place.setRangeText(button.dataset.insert, place.selectionStart, place.selectionEnd, "end");
});

/** Says before sending that a file is over the limit, instead of after minutes of upload. */
document.querySelectorAll("input[type=file][data-bytes-max]").forEach((input) => {
  const words = document.querySelector(input.dataset.tooLarge);
  input.addEventListener("change", () => {
    const over = [...input.files].some((file) => file.size > Number(input.dataset.bytesMax));
    if (words) words.hidden = !over;
    input.setCustomValidity(over && words ? words.textContent : "");
  });
});

/** A form is sent once, however often its button is pressed. */
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.submitter?.formTarget === "_blank") return; // a look in another tab, not a change
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "1";
  setTimeout(() => delete form.dataset.sent, 5000);
});

/** Takes what was just done out of the address, so that a reload does not say it again. */
if (new URLSearchParams(location.search).has("done")) {
  const address = new URL(location.href);
  address.searchParams.delete("done");
  address.searchParams.delete("n");
  address.searchParams.delete("undo");
  history.replaceState(null, "", address);
}

/** A file dropped anywhere on a form goes into its file field. */
document.querySelectorAll("form[data-drop]").forEach((form) => {
  const field = form.querySelector("input[type=file]");
  form.addEventListener("dragover", (event) => event.preventDefault());
  form.addEventListener("drop", (event) => {
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    field.files = event.dataTransfer.files;
    field.dispatchEvent(new Event("change"));
  });
});

/** On a telephone the navigation is a strip: the entry of this page stands in sight. */
document.querySelector("nav.rail [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

/** Counts while one types: sends a form to [data-count], and shows the box that comes back. */
document.querySelectorAll("form[data-count]").forEach((form) => {
  let waiting = 0;
  let asked = 0;
  const count = async () => {
    const mine = (asked += 1);
    const box = document.querySelector("#count");
    box?.setAttribute("aria-busy", "true");
    const body = new URLSearchParams(new FormData(form));
    const answer = await fetch(form.dataset.count, { method: "POST", body, headers: { "x-fragment": "1" } }).catch(() => null);
    // An older question may be answered later than a newer one.
    if (mine !== asked) return;
    box?.removeAttribute("aria-busy");
    if (box && answer?.ok && !answer.redirected) box.outerHTML = await answer.text();
  };
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(count, 400);
  });
  // Another subject or comparison wants other fields.
  form.addEventListener("change", (event) => {
    if (!event.target.matches("[data-again]")) return;
    clearTimeout(waiting);
    form.requestSubmit(form.querySelector("[data-again-button]"));
  });
});
