import ts from 'typescript';

export interface Import {
  readonly specifier: string;
  /** 1 for the first line. */
  readonly line: number;
}

export function parse(file: string, text: string): ts.SourceFile {
  return ts.createSourceFile(file, text, ts.ScriptTarget.ES2023, true);
}

function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => walk(child, visit));
}

/** Everything a file imports: statically, by re-export, in a type, with `import()` or with `require()`. */
export function importsOf(source: ts.SourceFile): Import[] {
  const found: Import[] = [];
  walk(source, (node) => {
    const named = moduleNamedBy(node);
    if (named === undefined) return;
    const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
    // A computed specifier hides the arrow, so it is reported as one that no rule allows.
    found.push({ specifier: ts.isStringLiteralLike(named) ? named.text : '<computed>', line });
  });
  return found;
}

function moduleNamedBy(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier;
  if (ts.isImportEqualsDeclaration(node) && ts.isExternalModuleReference(node.moduleReference)) {
    return node.moduleReference.expression;
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return node.argument.literal;
  if (ts.isCallExpression(node)) {
    const callee = node.expression;
    const loads =
      callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === 'require');
    return loads ? node.arguments[0] : undefined;
  }
  return undefined;
}

/** Lines with a default export. */
export function defaultExports(source: ts.SourceFile): number[] {
  const lines: number[] = [];
  walk(source, (node) => {
    const modifiers = ts.canHaveModifiers(node) ? (ts.getModifiers(node) ?? []) : [];
    const exported =
      (ts.isExportAssignment(node) && !node.isExportEquals) ||
      modifiers.some((modifier) => modifier.kind === ts.SyntaxKind.DefaultKeyword) ||
      (ts.isExportSpecifier(node) && node.name.text === 'default');
    if (exported) lines.push(source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1);
  });
  return lines;
}

/** Lines that use a global of Node by its bare name. */
export function nodeGlobals(source: ts.SourceFile): string[] {
  const found: string[] = [];
  walk(source, (node) => {
    if (!ts.isIdentifier(node) || !['Buffer', 'process', '__dirname', '__filename'].includes(node.text))
      return;
    const member = ts.isPropertyAccessExpression(node.parent) && node.parent.name === node;
    const named = ts.isPropertyAssignment(node.parent) && node.parent.name === node;
    const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
    if (!member && !named) found.push(`${node.text} in line ${line}`);
  });
  return found;
}

/** Tables of error codes: exported constants whose name ends in `ERROR_CODES`, as code to meaning. */
export function errorTables(source: ts.SourceFile): Map<string, Map<string, string>> {
  const tables = new Map<string, Map<string, string>>();
  walk(source, (node) => {
    if (
      !ts.isVariableDeclaration(node) ||
      !ts.isIdentifier(node.name) ||
      !node.name.text.endsWith('ERROR_CODES')
    )
      return;
    let value = node.initializer;
    while (value && (ts.isAsExpression(value) || ts.isSatisfiesExpression(value))) value = value.expression;
    if (!value || !ts.isObjectLiteralExpression(value)) return;
    const rows = new Map<string, string>();
    for (const property of value.properties) {
      if (!ts.isPropertyAssignment(property) || !ts.isStringLiteralLike(property.initializer)) continue;
      const name = property.name;
      if (ts.isIdentifier(name) || ts.isStringLiteralLike(name))
        rows.set(name.text, property.initializer.text);
    }
    tables.set(node.name.text, rows);
  });
  return tables;
}
