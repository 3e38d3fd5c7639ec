// Who may import whom. Arrows point inward: domain knows nobody; only workers/ and cli/ (and tests) compose.
// Each folder has one rule for our own folders and one for packages; what is not listed is forbidden.

/** Node's own modules and packages that hold no decision about refunds. */
const CORE = 'core';

function ownFolders(from, allowed, comment) {
  return {
    name: `${from}-knows-only-its-neighbours`,
    comment,
    severity: 'error',
    from: { path: `^${from}/` },
    to: { pathNot: [...allowed, 'node_modules'], dependencyTypesNot: [CORE, 'npm', 'npm-dev', 'npm-no-pkg'] },
  };
}

function packages(from, allowed, comment) {
  return {
    name: `${from}-uses-only-its-packages`,
    comment,
    severity: 'error',
    from: { path: `^${from}/` },
    to: { path: 'node_modules/', pathNot: allowed.map((name) => `node_modules/(@types/)?${name}/`) },
  };
}

function noNode(from, comment) {
  return {
    name: `${from}-runs-without-node`,
    comment,
    severity: 'error',
    from: { path: `^${from}/` },
    to: { dependencyTypes: [CORE] },
  };
}

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Two files that need each other to run are one thing, or a third thing is missing.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'everything-is-found',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'everything-is-declared',
      comment: 'A package that is used stands in package.json.',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'product-runs-without-dev-dependencies',
      severity: 'error',
      from: { pathNot: '^(test|bench|scripts)/' },
      to: {
        dependencyTypes: ['npm-dev'],
        dependencyTypesNot: ['type-only'],
        pathNot: 'node_modules/@types/',
      },
    },
    {
      name: 'product-does-not-know-its-tests',
      severity: 'error',
      from: { pathNot: '^(test|bench|scripts)/' },
      to: { path: '^(test|bench|scripts)/' },
    },

    ownFolders('domain', ['^domain/'], 'The rules know nobody.'),
    packages('domain', [], 'The rules use no package.'),
    noNode('domain', 'The rules run anywhere: in a workflow, in a browser, in a test.'),

    ownFolders(
      'workflows',
      ['^domain/', '^workflows/', '^activities/'],
      'The story knows the rules and the verbs.',
    ),
    {
      name: 'workflows-take-activities-as-types-only',
      comment: 'Code of an activity inside the workflow bundle would run in the replayed sandbox.',
      severity: 'error',
      from: { path: '^workflows/' },
      to: { path: '^activities/', dependencyTypesNot: ['type-only'] },
    },
    packages(
      'workflows',
      ['@temporalio/workflow', '@temporalio/common'],
      'Nothing else may be in the bundle.',
    ),
    noNode('workflows', 'The workflow sandbox has no node.'),

    ownFolders(
      'activities',
      ['^domain/', '^activities/', '^store/', '^channels/(channel|unpack)\\.ts$', '^workflows/'],
      'The effects know the store, what a channel is and how files are packed, never which channel it is.',
    ),
    {
      name: 'activities-take-only-names-from-workflows',
      comment: 'Signals, messages and queue names are shared; the story itself is not called.',
      severity: 'error',
      from: { path: '^activities/' },
      to: {
        path: '^workflows/',
        pathNot: '^workflows/([a-z-]+-messages|task-queues)\\.ts$',
        dependencyTypesNot: ['type-only'],
      },
    },
    packages(
      'activities',
      ['@temporalio/activity', '@temporalio/common'],
      'Engines are behind the store and the channels.',
    ),

    ownFolders('channels', ['^domain/', '^channels/'], 'A channel knows the rules only.'),
    {
      name: 'channels-do-not-know-each-other',
      severity: 'error',
      from: { path: '^channels/([^/]+)/' },
      to: { path: '^channels/[^/]+/', pathNot: '^channels/($1|archive)/' },
    },
    packages(
      'channels',
      ['axios', 'zod', 'csv-parse', 'yauzl', 'node-forge', 'node'],
      'HTTP, shapes and file formats.',
    ),

    ownFolders(
      'store',
      ['^domain/', '^store/', '^channels/channel\\.ts$'],
      'The store knows the rules only.',
    ),
    {
      name: 'store-takes-the-channel-as-types-only',
      comment: 'What a channel says is kept; the store never talks to one.',
      severity: 'error',
      from: { path: '^store/' },
      to: { path: '^channels/', dependencyTypesNot: ['type-only'] },
    },
    packages(
      'store',
      ['pg', 'pg-copy-streams', '@aws-sdk/(client-s3|lib-storage)', 'zod', 'node'],
      'Postgres, and a bucket for statement files.',
    ),

    ownFolders(
      'receipts',
      ['^domain/', '^receipts/'],
      'What a payer is shown is made from the rules and nothing else.',
    ),
    packages(
      'receipts',
      ['pdfkit', 'tinypool', 'tsx', 'uqr', 'yauzl', 'yazl', '@embedpdf/fonts-sc', 'zod', 'node'],
      'Shapes, papers and codes.',
    ),

    ownFolders(
      'closing',
      ['^domain/', '^closing/', '^receipts/receipt-keys\\.ts$'],
      'What a closed day is proven with: from its records and the public keys, without the books.',
    ),
    packages('closing', ['zod', 'node'], 'Hashes and signatures come with node.'),

    ownFolders('notices', ['^domain/', '^notices/'], 'How webhooks are signed, and their secrets kept.'),
    packages('notices', ['node'], 'Signatures and encryption come with node.'),

    ownFolders(
      'api',
      ['^domain/', '^api/', '^store/', '^receipts/', '^closing/', '^notices/', '^channels/channel\\.ts$'],
      'HTTP in front of the store.',
    ),
    packages(
      'api',
      ['fastify', '@fastify/[a-z-]+', 'fastify-type-provider-zod', 'zod', 'pino', 'prom-client', 'node'],
      'HTTP and shapes; engines are given to it.',
    ),

    ownFolders('sandbox', ['^domain/', '^sandbox/'], 'The witness shares no protocol code with channels/.'),
    {
      name: 'sandbox-is-a-stranger',
      comment: 'It speaks over loopback like a real channel; it has no way into the engines.',
      severity: 'error',
      from: { path: '^sandbox/' },
      to: { path: 'node_modules/(@temporalio|pg|pg-copy-streams|axios)/' },
    },

    ownFolders('client', ['^client/'], 'What others import brings nothing of the server along.'),
    packages('client', ['@temporalio/client'], 'Types of the client that the caller brings.'),
    noNode('client', 'It runs wherever fetch is.'),

    ownFolders(
      'workers',
      [
        ...['^domain/', '^workflows/', '^activities/', '^channels/', '^store/'],
        ...['^api/', '^receipts/', '^closing/', '^notices/', '^sandbox/', '^workers/'],
      ],
      'Processes compose everything but the command line.',
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      extensions: ['.ts', '.js', '.mjs', '.json'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
