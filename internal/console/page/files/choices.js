// The language and the theme that this browser has chosen, before anything is drawn.
{
  const root = document.documentElement;
  const language = localStorage.getItem("guanzhu-language");
  if (language) root.lang = language;
  const theme = localStorage.getItem("guanzhu-theme");
  if (theme) root.dataset.theme = theme;
}
