/**
 * The types of a payload's fields, read out of its schema once: what untrusted values are compared
 * with before a schema sees them.
 *
 * @module
 */
import type { z } from "zod";

/** What kind of value a field holds. */
export type FieldShape =
  | { readonly kind: "string" | "number" | "boolean" | "details" }
  | { readonly kind: "object"; readonly fields: ObjectShape }
  | { readonly kind: "list"; readonly item: FieldShape; readonly max: number };

/** The fields of an object by their names. */
export type ObjectShape = ReadonlyMap<string, FieldShape>;

/** The parts of a schema's definition that are looked into. */
interface Definition {
  readonly type: string;
  readonly innerType?: z.ZodType;
  readonly element?: z.ZodType;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly checks?: readonly { readonly _zod: { readonly def: { readonly maximum?: number } } }[];
}

/**
 * The shape of a schema.
 *
 * @throws {TypeError} When the schema is of a type that payloads do not use.
 */
function shapeOf(schema: z.ZodType): FieldShape {
  const definition = schema._zod.def as unknown as Definition;
  switch (definition.type) {
    case "optional":
    case "default":
      return shapeOf(definition.innerType!);
    case "string":
    case "enum":
      return { kind: "string" };
    case "number":
      return { kind: "number" };
    case "boolean":
      return { kind: "boolean" };
    case "record":
      return { kind: "details" };
    case "object":
      return { kind: "object", fields: fieldsOf(schema) };
    case "array": {
      const max = definition.checks?.map(({ _zod }) => _zod.def.maximum).find(Number.isInteger);
      if (max === undefined) throw new TypeError("a list without a bound");
      return { kind: "list", item: shapeOf(definition.element!), max };
    }
    default:
      throw new TypeError(`a schema of type ${definition.type}`);
  }
}

/** The fields of the schema of an object. */
export function fieldsOf(schema: z.ZodType): ObjectShape {
  const { shape } = schema._zod.def as unknown as Definition;
  return new Map(Object.entries(shape!).map(([name, field]) => [name, shapeOf(field)]));
}
