import { useState } from "preact/hooks";
import { Button } from "./components.tsx";

type Theme = "light" | "dark";

function themeNow(): Theme {
  const chosen = document.documentElement.dataset.theme;
  if (chosen === "light" || chosen === "dark") return chosen;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

/** Follows the system until it is used; then the choice stays. `theme.js` applies it before the first paint. */
export function ThemeToggle() {
  const [theme, setTheme] = useState(themeNow);
  const other = theme === "dark" ? "light" : "dark";
  const toggle = () => {
    document.documentElement.dataset.theme = other;
    setTheme(other);
    try {
      localStorage.setItem("theme", other);
    } catch {
      // Storage is blocked: the choice lasts as long as the page.
    }
  };
  return <Button onClick={toggle}>{other === "dark" ? "Dark theme" : "Light theme"}</Button>;
}
