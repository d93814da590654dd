/**
 * The README as it is packed: what leads to a file of the repository leads to it from anywhere. Code is left as it is.
 * @param repository its address, with no slash at the end
 */
export function withAbsoluteLinks(markdown, repository) {
  const onMain = (path, kind) => `${repository}/${kind}/main/${path}`;
  return markdown.replace(
    /^```[\s\S]*?^```|(!?)\[([^\]]*)\]\((?!\w+:|#)([^)\s]+)\)|(<img src=")(?!\w+:)([^"]+)/gm,
    (found, image, text, path, tag, source) => {
      if (tag !== undefined) return tag + onMain(source, "raw");
      return path === undefined ? found : `${image}[${text}](${onMain(path, image ? "raw" : "blob")})`;
    },
  );
}
