import { outcomes } from "../anywhere.js";
import { InBrowser } from "./in-browser.jsx";

export const dynamic = "force-dynamic"; // rendered when it is asked for, by the running server

export default async function Page() {
  return (
    <>
      <p id="server">{JSON.stringify(await outcomes)}</p>
      <InBrowser />
    </>
  );
}
