// What pages need beside htmx: times in the browser's zone, dialogs, the theme, and a word when updates stop.
(() => {
  const sameDay = (a, b) => a.toDateString() === b.toDateString();
  const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
  const dayOfYear = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });

  const ago = (time, now) => {
    const seconds = Math.round((now - time) / 1000);
    if (seconds < 5) return "just now";
    if (seconds < 90) return `${seconds} s ago`;
    if (seconds < 5400) return `${Math.round(seconds / 60)} min ago`;
    if (seconds < 129600) return `${Math.round(seconds / 3600)} h ago`;
    return `${Math.round(seconds / 86400)} days ago`;
  };

  const show = (element) => {
    const time = new Date(element.dateTime);
    if (isNaN(time)) return;
    const now = new Date();
    let text = clock.format(time);
    if (!sameDay(time, now)) {
      text = `${(time.getFullYear() === now.getFullYear() ? day : dayOfYear).format(time)}, ${text}`;
    }
    if ("ago" in element.dataset) text = ago(time, now);
    if (element.textContent !== text) element.textContent = text;
  };

  const showAll = (root) => {
    if (root.matches?.("time")) show(root);
    root.querySelectorAll?.("time").forEach(show);
  };

  // Called before the next paint, so nobody sees a time change its zone.
  new MutationObserver((changes) => {
    for (const change of changes) {
      if (change.type === "attributes") show(change.target);
      else change.addedNodes.forEach(showAll);
    }
  }).observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ["datetime"] });
  showAll(document.body);
  setInterval(() => document.querySelectorAll("time[data-ago]").forEach(show), 10000);

  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  document.querySelectorAll("[data-zone]").forEach((element) => { element.textContent = `In ${zone}.`; });

  // A form sends the time that was picked together with its zone.
  const exact = (input) => {
    const hidden = document.getElementById(input.dataset.exact);
    hidden.value = input.value ? new Date(input.value).toISOString() : "";
  };

  document.addEventListener("input", (event) => {
    if (event.target.dataset?.exact) exact(event.target);
  });

  document.addEventListener("change", (event) => {
    const input = event.target;
    if (input.dataset?.exact) exact(input);
    if ("submit" in (input.dataset ?? {})) input.form.requestSubmit();
    if (input.dataset?.all) {
      input.form.querySelectorAll(`input[name="${input.dataset.all}"]`).forEach((box) => { box.checked = input.checked; });
    }
  });

  const themeButton = document.querySelector("[data-theme-switch]");
  const nameTheme = () => {
    const choice = document.documentElement.dataset.themeChoice;
    themeButton.title = `Theme: ${choice === "system" ? "as the system" : choice}`;
  };
  if (themeButton) {
    themeButton.addEventListener("click", () => { window.salternTheme.next(); nameTheme(); });
    nameTheme();
  }

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog]");
    if (opener) document.getElementById(opener.dataset.dialog)?.showModal();
    if (event.target.closest("[data-close]")) event.target.closest("dialog").close();
    if (event.target.matches("dialog")) event.target.close();
  });

  // One click, one order: a second one while the first is on its way would be another.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
  });
  addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => { delete form.dataset.sent; }));

  const offline = document.getElementById("offline");
  // A reload would cancel a form that is on its way: whoever deletes an action hears here that it is gone first.
  const reload = () => { if (!document.querySelector("form[data-sent]")) location.reload(); };
  const interrupted = (is) => { if (offline) offline.hidden = !is; };
  document.addEventListener("htmx:sse:after:connection", () => interrupted(false));
  document.addEventListener("htmx:sse:error", (event) => {
    // The token was revoked or the session is over: the page says so when it is loaded anew.
    if (event.detail.status === 401 || event.detail.status === 403) reload();
    else interrupted(true);
  });
  document.addEventListener("htmx:error", () => interrupted(true));
  document.addEventListener("htmx:response:error", (event) => {
    if (event.detail.ctx.response.status === 404) reload();
    else interrupted(true);
  });
  document.addEventListener("htmx:after:swap", () => interrupted(false));
})();
