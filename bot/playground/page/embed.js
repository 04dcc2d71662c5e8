// Embeds. An edit replaces text in place and keeps an image whose address is unchanged.

import { el, webUrl } from "./dom.js";
import { stamp } from "./clock.js";
import { inlineMarkdown, markdown } from "./markdown.js";

function colourOf(value) {
  return Number.isInteger(value) ? `#${value.toString(16).padStart(6, "0")}` : "var(--embed-edge)";
}

function linked(url, node) {
  const safe = webUrl(url);
  return safe ? el("a", { href: safe, target: "_blank", rel: "noopener noreferrer" }, node) : node;
}

function small(url, className) {
  const safe = webUrl(url);
  return safe ? el("img", { class: className, src: safe, alt: "" }) : null;
}

function fieldsOf(fields, names) {
  // Up to three inline fields share a line; one that is not inline has a line of its own.
  const grid = el("div", { class: "embed-fields" });
  for (let at = 0; at < fields.length;) {
    let run = 1;
    if (fields[at].inline) while (run < 3 && fields[at + run]?.inline) run += 1;
    for (const field of fields.slice(at, at + run)) {
      const span = field.inline ? Math.floor(12 / run) : 12;
      grid.append(
        el(
          "div",
          {
            class: "embed-field",
            data: { testid: "embed-field", name: field.name },
            style: { "--span": String(span) },
          },
          el("div", { class: "embed-field-name" }, inlineMarkdown(field.name, names)),
          el("div", { class: "embed-field-value" }, markdown(field.value, names)),
        ),
      );
    }
    at += run;
  }
  return grid;
}

function footerOf({ footer, timestamp }) {
  if (!footer && !timestamp) return null;
  const node = el(
    "div",
    { class: "embed-footer" },
    footer ? small(footer.icon_url, "embed-footer-icon") : null,
    footer?.text ?? "",
  );
  if (footer && timestamp) node.append(" • ");
  if (timestamp) node.append(stamp(timestamp));
  return node;
}

function pictureOf(media, className, before) {
  const url = webUrl(media?.url);
  if (!url) return null;
  const kept = [...(before?.querySelectorAll(`img.${className}`) ?? [])].find(
    (img) => img.getAttribute("src") === url,
  );
  const alt = media.description ?? "";
  const node =
    kept ??
    el("img", {
      class: className,
      src: url,
      width: media.width,
      height: media.height,
      data: { testid: className },
    });
  node.alt = alt;
  if (alt) node.title = alt;
  return node;
}

function embedNode(embed, names, before) {
  const body = el("div", { class: "embed-body" });
  if (embed.provider?.name) body.append(el("div", { class: "embed-provider", text: embed.provider.name }));
  if (embed.author?.name) {
    body.append(
      el(
        "div",
        { class: "embed-author" },
        small(embed.author.icon_url, "embed-author-icon"),
        linked(embed.author.url, el("span", { text: embed.author.name })),
      ),
    );
  }
  if (embed.title)
    body.append(
      el(
        "div",
        { class: "embed-title", data: { testid: "embed-title" } },
        linked(embed.url, el("span", {}, inlineMarkdown(embed.title, names))),
      ),
    );
  if (embed.description)
    body.append(
      el(
        "div",
        { class: "embed-description", data: { testid: "embed-description" } },
        markdown(embed.description, names),
      ),
    );
  if (embed.fields?.length) body.append(fieldsOf(embed.fields, names));
  const image = pictureOf(embed.image, "embed-image", before);
  const footer = footerOf(embed);
  if (image) body.append(image);
  if (footer) body.append(footer);
  const thumbnail = pictureOf(embed.thumbnail, "embed-thumbnail", before);
  return el(
    "article",
    { class: "embed", data: { testid: "embed" }, style: { "--edge": colourOf(embed.color) } },
    body,
    thumbnail,
  );
}

/** Makes `parent` show these embeds; ones that did not change are left alone. */
export function patchEmbeds(parent, embeds, names) {
  embeds.forEach((embed, index) => {
    const signature = JSON.stringify(embed);
    const before = parent.children[index];
    if (before?.embedSignature === signature) return;
    const node = embedNode(embed, names, before);
    node.embedSignature = signature;
    if (before) before.replaceWith(node);
    else parent.append(node);
  });
  while (parent.children.length > embeds.length) parent.lastElementChild.remove();
  parent.hidden = embeds.length === 0;
}
