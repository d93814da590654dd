// What can be cloned, but is read by no worker.

/** Stands for it where the browser has no such thing: WebKitGTK, which is built without WebRTC. */
const mark = "read on pages only";

export async function readOnPagesOnly(): Promise<unknown> {
  if (typeof RTCPeerConnection === "undefined") return mark;
  const algorithm: EcKeyGenParams = { name: "ECDSA", namedCurve: "P-256" };
  return RTCPeerConnection.generateCertificate(algorithm);
}

// In a worker, which imports this first: a message with the mark is one that can't be read.
if (typeof document === "undefined") {
  addEventListener("message", (event: MessageEvent) => {
    if (event.data !== mark && event.data?.params?.unreadable !== mark) return;
    event.stopImmediatePropagation();
    dispatchEvent(new MessageEvent("messageerror"));
  });
}
