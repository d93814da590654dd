import type { ComponentChildren } from "preact";
import "./tokens.css";
import "./base.css";
import "./components.css";
import "./layout.css";
import { LiveRegion } from "./announce.tsx";
import { ThemeToggle } from "./ThemeToggle.tsx";

const pages = [{ href: "/", text: "Try it" }] as const;

export function Layout(props: { page: (typeof pages)[number]["href"]; children: ComponentChildren }) {
  return (
    <>
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
    </>
  );
}
