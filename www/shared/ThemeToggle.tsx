import { useEffect, useState } from "preact/hooks";
import { Button } from "./components.tsx";

type Theme = "light" | "dark";

const systemsDark = matchMedia("(prefers-color-scheme: dark)");

function themeNow(): Theme {
  const chosen = document.documentElement.dataset.theme;
  if (chosen === "light" || chosen === "dark") return chosen;
  return systemsDark.matches ? "dark" : "light";
}

/** Follows the system until it is used; then the choice stays. `theme.js` applies it before the first paint. */
export function ThemeToggle() {
  const [theme, setTheme] = useState(themeNow);
  useEffect(() => {
    const follow = () => setTheme(themeNow());
    systemsDark.addEventListener("change", follow);
    return () => systemsDark.removeEventListener("change", follow);
  }, []);
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
