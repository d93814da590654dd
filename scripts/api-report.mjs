// What each entry of the package declares, in tests/api/*.api.md: a change for users is seen in review.
// `--write` writes the reports anew; without it a report that is not up to date fails.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Extractor, ExtractorConfig, ExtractorLogLevel } from "@microsoft/api-extractor";
import { main, root } from "./run.mjs";

const folder = join(root, "tests/api");
const silent = { default: { logLevel: ExtractorLogLevel.None } };

/** The report of one entry; the names of an entry are its file's in the package, `.` is index. */
function report(declarations, localBuild) {
  const name = declarations.replace(/^\.\/dist\/|\.d\.ts$/g, "").replaceAll("/", "-");
  const config = ExtractorConfig.prepare({
    packageJsonFullPath: join(root, "package.json"),
    configObjectFullPath: undefined,
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: join(root, declarations),
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            lib: ["ESNext", "DOM", "DOM.AsyncIterable"],
            module: "nodenext",
            jsx: "react-jsx",
            types: ["node"],
            skipLibCheck: true,
          },
          files: [join(root, declarations)],
        },
      },
      apiReport: {
        enabled: true,
        reportFolder: folder,
        reportTempFolder: join(root, "build/api"),
        reportFileName: `${name}.api.md`,
        includeForgottenExports: true,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: "lf",
      messages: { compilerMessageReporting: silent, extractorMessageReporting: silent, tsdocMessageReporting: silent },
    },
  });
  const result = Extractor.invoke(config, {
    localBuild,
    showVerboseMessages: false,
    messageCallback: (message) => {
      message.handled = true;
    },
  });
  return { name, changed: result.apiReportChanged };
}

await main(() => {
  const write = process.argv.includes("--write");
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const entries = Object.values(exports).flatMap((entry) => entry.types ?? []);
  const changed = entries.map((types) => report(types, write)).filter((entry) => entry.changed);
  if (changed.length > 0 && !write) {
    throw new Error(
      `What users see has changed in: ${changed.map((entry) => entry.name).join(", ")}. If that is meant: npm run api, and commit tests/api.`,
    );
  }
});
