// Counts what a reader of a program has to read and to know, by its syntax alone and by one rule for whoever wrote it.
import { parseSync } from '@swc/core'

/**
 * - `statements`: also those inside functions, but not blocks; the result of an arrow function without a block is one.
 * - `imports`: the declarations, and `names` what they bring.
 * - `concepts`: `names`, what stands where an option, a property or a method does, and arguments by place, each once, without those of
 *   JavaScript and of the web platform.
 *
 * What is there to try it on is left out: the import of the sandbox, what is made of it alone, calls to that, and output.
 * @typedef {{ readonly statements: number, readonly imports: number, readonly names: number, readonly concepts: readonly string[] }} Count
 */

/** @typedef {Readonly<Record<string, unknown>>} Node */

const SANDBOX = '@tessera/sandbox'

/** What openid-client asks for where a server has no TLS, as the sandbox has none. */
const WITHOUT_TLS = ['allowInsecureRequests', 'execute']

const platform = new Set(
  [
    ...[Array, Date, JSON, Math, Number, Object, Promise],
    ...[Array, Date, Error, Function, Map, Number, Object, Promise, RegExp, Set, String].map((one) => one.prototype),
    ...[Headers, Request, Response, URL, URLSearchParams, Uint8Array].map((one) => one.prototype),
  ].flatMap((one) => Object.getOwnPropertyNames(one)),
)

/** @param {unknown} value @returns {value is Node} */
const isNode = (value) => typeof value === 'object' && value !== null

/** @param {unknown} node @returns {readonly Node[]} */
const childrenOf = (node) => (isNode(node) ? Object.values(node).flat().filter(isNode) : [])

/** @param {unknown} node @param {readonly string[]} types @returns {node is Node} */
const is = (node, ...types) => isNode(node) && types.includes(String(node['type']))

/** The names where an option, a property or a method is written: `x.name`, `{ name: … }`, `{ name }`. @param {Node} node */
const ownNames = (node) =>
  [
    ...(is(node, 'MemberExpression') ? [node['property']] : []),
    ...(is(node, 'KeyValueProperty', 'MethodProperty', 'KeyValuePatternProperty', 'AssignmentPatternProperty')
      ? [node['key']]
      : []),
    ...(is(node, 'ObjectExpression') ? childrenOf(node).filter((one) => is(one, 'Identifier')) : []),
  ]
    .filter((one) => is(one, 'Identifier', 'StringLiteral'))
    .map((one) => String(one['value']))

/** The variables that a piece of code mentions or binds. @param {Node} node @returns {readonly string[]} */
const variables = (node) => {
  if (is(node, 'Identifier')) return [String(node['value'])]
  const name = is(node, 'MemberExpression', 'KeyValueProperty', 'MethodProperty', 'KeyValuePatternProperty')
    ? (node['property'] ?? node['key'])
    : undefined
  return childrenOf(node)
    .filter((one) => one !== name || is(one, 'Computed'))
    .flatMap(variables)
}

/** The variable at which `a.b().c` starts. @param {Node} node @returns {string | undefined} */
const start = (node) => {
  if (is(node, 'Identifier')) return String(node['value'])
  const inner = node['object'] ?? node['callee'] ?? node['argument'] ?? node['base']
  return isNode(inner) ? start(inner) : undefined
}

/** @param {Node} node @returns {readonly Node[]} */
const declarators = (node) => childrenOf(node).filter((one) => is(one, 'VariableDeclarator'))

/** @param {Node} node */
const statementsOf = (node) => {
  if (is(node, 'VariableDeclaration')) return declarators(node).length
  if (is(node, 'ArrowFunctionExpression')) return is(node['body'], 'BlockStatement', 'FunctionBody') ? 0 : 1
  const type = String(node['type'])
  return type === 'FunctionDeclaration' || (type.endsWith('Statement') && type !== 'BlockStatement') ? 1 : 0
}

/** @param {Node} node @returns {readonly string[]} */
const parameters = (node) => [
  ...childrenOf(node['params']).flatMap((one) => variables(one)),
  ...childrenOf(node).flatMap(parameters),
]

/**
 * @param {string} code
 * @returns {Count}
 */
export const count = (code) => {
  /** @type {unknown} */
  const program = parseSync(code, { syntax: 'ecmascript', target: 'es2022' })
  if (!isNode(program)) throw new Error('It does not parse')
  const free = new Set(parameters(program))
  /** What the sandbox made. @type {Set<string>} */
  const local = new Set()
  /** @type {Set<string>} */
  const names = new Set()
  /** @type {Set<string>} */
  const concepts = new Set()
  let statements = 0
  let imports = 0

  /** What is called, where it is a package's: `name`, `x.name`, or `name()` for what it returned. @param {unknown} callee @returns {string | undefined} */
  const calledName = (callee) => {
    if (!isNode(callee) || local.has(start(callee) ?? '')) return undefined
    if (is(callee, 'Identifier')) return names.has(String(callee['value'])) ? String(callee['value']) : undefined
    if (is(callee, 'MemberExpression')) return ownNames(callee).find((name) => !platform.has(name))
    if (!is(callee, 'CallExpression')) return calledName(callee['base'])
    const name = calledName(callee['callee'])
    return name === undefined ? undefined : `${name}()`
  }

  /** The arguments by place in a call; `undefined` leaves a place empty. @param {Node} node */
  const positions = (node) => {
    const name = is(node, 'CallExpression', 'NewExpression') ? calledName(node['callee']) : undefined
    if (name === undefined) return []
    return childrenOf(node['arguments'])
      .map(({ expression }, index) => ({ expression, position: `${name} ${index + 1}` }))
      .filter(({ expression: one }) => isNode(one) && !is(one, 'ObjectExpression') && one['value'] !== 'undefined')
      .map(({ position }) => position)
  }

  /** @param {Node} node */
  const isLeftOut = (node) => {
    if (is(node, 'ExpressionStatement') && isNode(node['expression'])) {
      const first = start(node['expression']) ?? ''
      return first === 'console' || local.has(first)
    }
    if (!is(node, 'VariableDeclaration')) return false
    const mentioned = declarators(node).flatMap((one) => (isNode(one['init']) ? variables(one['init']) : []))
    return (
      mentioned.includes('startSandbox') ||
      (mentioned.some((name) => local.has(name)) && mentioned.every((name) => local.has(name) || free.has(name)))
    )
  }

  /** @param {Node} node */
  const visit = (node) => {
    if (is(node, 'ImportDeclaration')) {
      if (isNode(node['source']) && node['source']['value'] === SANDBOX) return
      imports += 1
      for (const { local: name } of childrenOf(node)) if (isNode(name)) names.add(String(name['value']))
      return
    }
    if (isLeftOut(node)) {
      for (const one of declarators(node))
        if (isNode(one['id'])) for (const name of variables(one['id'])) local.add(name)
      return
    }
    statements += statementsOf(node)
    if (is(node, 'MemberExpression') && [...local, 'process'].includes(start(node) ?? '')) return
    for (const name of ownNames(node)) if (!platform.has(name) && !WITHOUT_TLS.includes(name)) concepts.add(name)
    for (const position of positions(node)) concepts.add(position)
    for (const child of childrenOf(node)) visit(child)
  }
  visit(program)
  return { statements, imports, names: names.size, concepts: [...new Set([...names, ...concepts])].sort() }
}
