// Loaded before the TypeScript commands, in plain JavaScript: an older Node cannot even read them, and would say so in
// words that help nobody.

const major = Number(process.versions.node.split(".")[0]);

if (major < 22 || !process.features.typescript) {
  console.error(
    `This is Node ${process.versions.node}; Faregate's commands need a newer one. ` +
      "Run them through npm (`npm start`), which brings its own Node after `npm install`.",
  );
  process.exit(2);
}
