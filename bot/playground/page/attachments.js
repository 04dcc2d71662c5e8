// Attachments under a message. Nodes are kept by attachment id, so that an edit never stops a player.

import { el, fileSize, icon, webUrl } from "./dom.js";
import { audioPlayer } from "./audio.js";

const AUDIO = /\.(mp3|m4a|wav|ogg|oga|opus|flac)$/iu;
const IMAGE = /\.(png|jpe?g|gif|webp|avif)$/iu;

export const isAudio = ({ content_type: type, filename }) =>
  type?.startsWith("audio/") || (!type?.startsWith("image/") && AUDIO.test(filename ?? ""));
const isImage = ({ content_type: type, filename }) =>
  type?.startsWith("image/") || IMAGE.test(filename ?? "");

function imageOf(attachment) {
  const alt = attachment.description ?? "";
  const picture = el("img", {
    class: "attachment-image",
    src: webUrl(attachment.url),
    alt: alt || attachment.filename,
    title: alt || null,
    loading: "lazy",
    width: attachment.width,
    height: attachment.height,
  });
  return el(
    "a",
    { class: "attachment-link", href: webUrl(attachment.url), target: "_blank", rel: "noopener noreferrer" },
    picture,
  );
}

function fileCard(attachment) {
  return el(
    "div",
    { class: "file-card" },
    icon("file", 30),
    el(
      "span",
      { class: "file-text" },
      el("a", {
        href: webUrl(attachment.url),
        download: attachment.filename,
        target: "_blank",
        rel: "noopener noreferrer",
        text: attachment.filename,
      }),
      el("span", { class: "file-size", text: fileSize(attachment.size ?? 0) }),
    ),
  );
}

function attachmentNode(attachment) {
  const inner = isAudio(attachment)
    ? audioPlayer(attachment)
    : isImage(attachment)
      ? imageOf(attachment)
      : fileCard(attachment);
  return el(
    "div",
    {
      class: "attachment",
      data: { testid: "attachment", attachmentId: attachment.id, filename: attachment.filename },
    },
    inner,
  );
}

/** Makes `parent` show these attachments, keeping the nodes of those it shows already. */
export function patchAttachments(parent, attachments) {
  const kept = new Map([...parent.children].map((node) => [node.dataset.attachmentId, node]));
  let at = parent.firstElementChild;
  for (const attachment of attachments) {
    const node = kept.get(attachment.id) ?? attachmentNode(attachment);
    kept.delete(attachment.id);
    if (node === at) at = at.nextElementSibling;
    else parent.insertBefore(node, at);
  }
  for (const node of kept.values()) node.remove();
  parent.hidden = attachments.length === 0;
}
