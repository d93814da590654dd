import type { ComponentChildren } from "preact";
import "./tokens.css";
import "./base.css";
import "./components.css";
import "./layout.css";
import { LiveRegion } from "./announce.tsx";
import { ThemeToggle } from "./ThemeToggle.tsx";

/** The first is the landing page, which shows the others with what they are about. */
export const pages = [
  { href: "/", text: "Home", what: "" },
  {
    href: "/try.html",
    text: "Try it",
    what: "Start, watch and stop real work: a download, a computation, a request that fails twice.",
  },
  {
    href: "/dashboard.html",
    text: "Dashboard",
    what: "A live queue of typed jobs that every tab shares: make, watch, cancel and retry them.",
  },
  {
    href: "/chat.html",
    text: "Chat",
    what: "Several conversations with a model at once: streamed, stopped for certain, with tools that ask first.",
  },
  {
    href: "/recipes.html",
    text: "Recipes",
    what: "Search as you type, save once, upload, poll, undo: short files of code, run live beside their text.",
  },
] as const;

/** `wide`: a page of panels that has a use for a large screen. */
export function Layout(props: { page: (typeof pages)[number]["href"]; wide?: boolean; children: ComponentChildren }) {
  return (
    <div class={props.wide ? "site wide" : "site"}>
      <a class="skip-link" href="#main">
        Skip to the page
      </a>
      <header class="site-header">
        <div>
          <a class="wordmark" href="/">
            <img src="/favicon.svg" alt="" width="24" height="24" />
            jobgate
          </a>
          <nav class="site-nav" aria-label="Pages">
            <ul>
              {pages.map(({ href, text }) => (
                <li key={href}>
                  <a href={href} aria-current={href === props.page ? "page" : undefined}>
                    {text}
                  </a>
                </li>
              ))}
              <li>
                <a href="/docs/index.html">Docs</a>
              </li>
            </ul>
          </nav>
          <ThemeToggle />
        </div>
      </header>
      <main class="site-main" id="main" tabIndex={-1}>
        {props.children}
      </main>
      <footer class="site-footer">
        The engine is Rust in WebAssembly; this page uses only what the package exports.
      </footer>
      <LiveRegion />
    </div>
  );
}
