/**
 * Writes the types of the wire out in full, so that the package's declarations do not refer to the
 * schemas that they are inferred from.
 *
 * @module
 */

// deno-lint-ignore-file no-explicit-any -- the compiler is loaded without its types, see tools.ts

/** Types that are only used between files of the client, and not exported in a flat form. */
const LEFT_OUT: ReadonlySet<string> = new Set(["ChannelsWith", "CodesWhere", "SpecOf"]);

/**
 * The declarations of a file whose exported types do not have parameters.
 *
 * @param ts The TypeScript compiler.
 * @param program What the file is a part of.
 * @param path The file.
 */
export function flattenTypes(ts: any, program: any, path: string): string {
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(path);
  const declarations = checker.getExportsOfModule(checker.getSymbolAtLocation(file));
  return declarations
    .filter(({ name }: { name: string }) => !LEFT_OUT.has(name))
    .map((symbol: any) => {
      const doc = ts.displayPartsToString(symbol.getDocumentationComment(checker));
      const type = checker.getDeclaredTypeOfSymbol(symbol);
      return `/** ${doc} */\nexport type ${symbol.name} = ${print(ts, checker, type)};\n`;
    })
    .join("\n");
}

function print(ts: any, checker: any, type: any): string {
  const again = (other: any) => print(ts, checker, other);
  if (type.flags & ts.TypeFlags.BooleanLike) return "boolean";
  if (type.isUnion()) {
    const texts = new Set<string>(type.types.map(again));
    return texts.size === 1 ? [...texts][0]! : `(${[...texts].join(" | ")})`;
  }
  if (checker.isArrayType(type)) return `Array<${again(checker.getTypeArguments(type)[0])}>`;
  if (!(type.flags & ts.TypeFlags.Object)) return checker.typeToString(type);
  const properties = checker.getPropertiesOfType(type).map((property: any) => {
    const optional = property.flags & ts.SymbolFlags.Optional;
    const value = checker.getTypeOfSymbol(property);
    const present = optional ? checker.getNonNullableType(value) : value;
    return `${JSON.stringify(property.name)}${optional ? "?" : ""}: ${again(present)};`;
  });
  const indexes = checker.getIndexInfosOfType(type).map((info: any) =>
    `[key: ${checker.typeToString(info.keyType)}]: ${again(info.type)};`
  );
  return `{ ${[...properties, ...indexes].join(" ")} }`;
}
