// The names in an API report.

/**
 * API Extractor writes all declarations of a package into one scope, and numbers those of one name: `make_4`. A reader knows a member of a
 * namespace by the namespace, `TokenSource_make`, and the type of a companion by its own name, `TokenSource`.
 * @param {string} report
 * @returns {string} with these names
 */
export const renamed = (report) => {
  /** @type {Map<string, string>} */
  const names = new Map()
  /** @type {readonly (readonly [namespace: string, members: string])[]} */
  const namespaces = [...report.matchAll(/^(?:export )?declare namespace (\w+) \{\n {4}export \{([^}]*)\}/gm)].map(
    ([, namespace = '', members = '']) => [namespace, members],
  )
  for (const [namespace, members] of namespaces) {
    const companion = namespace.replace(/(?:Module|_\d+)$/, '')
    if (/_\d+$/.test(namespace)) names.set(namespace, `${companion}Module`)
    for (const [, local = '', name = ''] of members.matchAll(/(\w+_\d+) as (\w+)/g))
      names.set(local, name === companion ? companion : `${companion}_${name}`)
  }
  return report.replaceAll(/\b\w+_\d+\b/g, (name) => names.get(name) ?? name)
}
