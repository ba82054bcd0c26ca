// Runs before the first paint. Without a choice in the cookie (the server has put it into the page), the system decides.
(() => {
  const page = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const show = () => {
    const choice = page.dataset.themeChoice;
    page.dataset.bsTheme = choice === "system" ? (dark.matches ? "dark" : "light") : choice;
  };
  dark.addEventListener("change", show);
  window.salternTheme = {
    next() {
      const choices = ["system", "light", "dark"];
      const choice = choices[(choices.indexOf(page.dataset.themeChoice) + 1) % choices.length];
      page.dataset.themeChoice = choice;
      const age = choice === "system" ? 0 : 31536000;
      const secure = location.protocol === "https:" ? "; secure" : "";
      document.cookie = `saltern-theme=${choice}; path=/; max-age=${age}; samesite=lax${secure}`;
      show();
      return choice;
    },
  };
  show();
})();
