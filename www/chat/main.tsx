import { render } from "preact";
import { Layout } from "../shared/Layout.tsx";
import "./chat.css";
import { ConversationView } from "./conversation/ConversationView.tsx";
import { useChat } from "./conversations.ts";
import { List } from "./List.tsx";
import { ModelPanel } from "./model/ModelPanel.tsx";

function Page() {
  const selected = useChat(({ selected }) => selected);
  return (
    <Layout page="/chat.html" wide>
      <div class="chat">
        <div class="chat-side">
          <h1>Chat</h1>
          <List />
          <ModelPanel />
        </div>
        <ConversationView key={selected} />
      </div>
    </Layout>
  );
}

const root = document.getElementById("app");
if (root) render(<Page />, root);
