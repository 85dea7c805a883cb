// Which types of an API report can nobody name?

/**
 * A companion (`export const X: typeof Module`) gives away the functions of its module but none of its types: these are
 * nameable only if they are exported by name or aliased by an exported type, `export type X = Module.X`.
 *
 * @param {string} report the report, forgotten exports included
 * @param {readonly string[]} forgotten the names of declarations in the report that the entry point does not export
 * @returns {readonly string[]} those of them that are types and that no export stands for
 */
export const unnameable = (report, forgotten) => {
  const members = new Map(
    [...report.matchAll(/^declare namespace (\w+) \{\n {4}export \{([^}]*)\}/gm)].flatMap(([, module, list = '']) =>
      [...list.matchAll(/(\w+)(?: as (\w+))?/g)].map(([, local = '', name = local]) => [`${module}.${name}`, local]),
    ),
  )
  const aliased = new Set(
    [...report.matchAll(/^export type \w+(?:<.*>)? = (\w+\.\w+)(?:<.*>)?;$/gm)].map(([, of = '']) => members.get(of)),
  )
  const types = new Set(
    [...report.matchAll(/^(?:declare )?(?:abstract )?(?:interface|type|class|enum) (\w+)/gm)].map(([, name]) => name),
  )
  return forgotten.filter((name) => types.has(name) && !aliased.has(name))
}
