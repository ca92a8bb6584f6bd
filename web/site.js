// Keeps a page up to date: when the server says that there is news, or after some time in any case, the same page
// is fetched again and the parts marked data-live are put in place of the old ones. What is open, focused or
// scrolled there stays so. Without this script the page reloads itself.

const main = document.getElementById("main");
const status = document.getElementById("live");
const refreshMs = 1000 * Number(main.dataset.refresh);
const LEAST_MS = 1000; // between two fetches

let busy = false;
let again = false;
let lastMs = 0;
let timer = 0;

function say(text) {
  if (status.textContent !== text) status.textContent = text;
}

// What a person changed in a part, to be done again in its successor.
function stateOf(part) {
  const open = [...part.querySelectorAll("details")].map((details) => details.open);
  const scroll = [...part.querySelectorAll(".scroll, pre")].map((box) => box.scrollLeft);
  return { open, scroll };
}

function restore(part, state) {
  part.querySelectorAll("details").forEach((details, i) => {
    if (i < state.open.length) details.open = state.open[i];
  });
  part.querySelectorAll(".scroll, pre").forEach((box, i) => {
    if (i < state.scroll.length) box.scrollLeft = state.scroll[i];
  });
}

function swap(old, fresh) {
  if (old.outerHTML === fresh.outerHTML) return;
  const state = stateOf(old);
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const index = focused ? [...old.querySelectorAll("a, summary, [tabindex]")].indexOf(focused) : -1;
  old.replaceWith(fresh);
  restore(fresh, state);
  if (index >= 0) fresh.querySelectorAll("a, summary, [tabindex]")[index]?.focus({ preventScroll: true });
}

// New parts are added before the next one that is already there; parts that are gone are removed.
function merge(page) {
  const parts = [...page.querySelectorAll("[data-live]")];
  for (const old of main.querySelectorAll("[data-live]"))
    if (!parts.some((part) => part.id === old.id)) old.remove();
  let next = null;
  for (const part of parts.reverse()) {
    const old = document.getElementById(part.id);
    if (old) swap(old, part);
    else main.insertBefore(part, next);
    next = document.getElementById(part.id);
  }
  if (document.title !== page.title) document.title = page.title;
}

async function fetchPage() {
  if (busy) {
    again = true;
    return;
  }
  busy = true;
  clearTimeout(timer);
  const waitMs = lastMs + LEAST_MS - Date.now();
  if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
  try {
    const answer = await fetch(location.pathname + location.search, { headers: { Accept: "text/html" } });
    if (!answer.ok) throw new Error(answer.status);
    merge(new DOMParser().parseFromString(await answer.text(), "text/html"));
    say("Live.");
  } catch {
    say("The server does not answer; what stands here may be old.");
  }
  lastMs = Date.now();
  busy = false;
  timer = setTimeout(fetchPage, refreshMs);
  if (again) {
    again = false;
    fetchPage();
  }
}

// On a narrow screen the timeline is wider than its box: begin with the present in the middle.
for (const box of document.querySelectorAll(".scroll")) {
  const now = box.querySelector(".tl-now");
  if (now) box.scrollLeft += now.getBoundingClientRect().left - box.getBoundingClientRect().left - box.clientWidth / 2;
}

if (refreshMs > 0) {
  const events = new EventSource("/events");
  events.addEventListener("news", () => {
    if (!document.hidden) fetchPage();
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) fetchPage();
  });
  addEventListener("pagehide", () => events.close());
}
