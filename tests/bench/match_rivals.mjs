// node match_rivals.mjs BENCH FIRMS ITEMS ROUNDS FOLDER PG_BIN PG_SOCKET PG_USER: our engine and its rivals on the same
// firms and the same conditions, taking turns in one run; every one must find the same pairs. tests/bench/match_rivals
// prepares what is named here. Empty PG_SOCKET: PostgreSQL is left out; packages that are not there are left out, too.
// Ours stores T and U; rivals only count, and mostly T alone, which is their easier task.
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { loadavg } from 'node:os';
import { createInterface } from 'node:readline';
import { resolve } from 'node:path';

const [bench, firms, items, roundsText, folder, pgBin, pgSocket, pgUser] = process.argv.slice(2);
const rounds = Number(roundsText);
const require = createRequire(resolve('package.json'));
const optional = (name) => {
  try {
    return require(name);
  } catch {
    console.log(`SKIPPED: ${name} is not installed.`);
    return null;
  }
};
const median = (values) => values.slice().sort((a, b) => a - b)[values.length >> 1];
const loads = () => loadavg().map((value) => value.toFixed(2)).join(' ');
let failed = false;
const goal = (name, value, wanted) =>
  console.log(`GOAL ${name} ${value.toFixed(2)} ${wanted.toFixed(2)} ${value >= wanted ? 'met' : 'missed'}`);

// Ours.
const ours = spawn(bench, [firms, items, '--export', folder, '--stand-by'], { stdio: ['pipe', 'pipe', 'inherit'] });
const lines = createInterface({ input: ours.stdout })[Symbol.asyncIterator]();
const heard = async () => {
  const { value, done } = await lines.next();
  if (done) throw new Error('bench_match ended before its time.');
  return value;
};
const ask = async (what) => {
  ours.stdin.write(what + '\n');
  return (await heard()).split(' ').map(Number);
};
for (let line = await heard(); ; line = await heard()) {
  console.log(line);
  if (line.startsWith('ready')) break;
}
const [, met, unknown] = await ask('run 1');

const conditions = readFileSync(`${folder}/items.sql`, 'utf8').trim().split('\n');
const passes = (size, term) => {
  const out = [];
  for (let i = 0; i < conditions.length; i += size)
    out.push(`SELECT ${conditions.slice(i, i + size).map(term).join(', ')} FROM profile`);
  return out;
};
const forT = (item) => `count(*) FILTER (WHERE ${item})`;
const forTU = (item) => `${forT(item)}, count(*) FILTER (WHERE (${item}) IS NULL)`;
const byItem = conditions.map((item) => `SELECT count(*) FROM profile WHERE ${item}`);
const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);

// Each form: who, how, with how many threads, what it must find; `work` gives what it found.
const forms = [];
const duckdb = optional('@duckdb/node-api');
if (duckdb) {
  const connection = await (await duckdb.DuckDBInstance.create(':memory:', { threads: '1' })).connect();
  const numbers = async (sql) => (await (await connection.runAndReadAll(sql)).getRows())[0].map(Number);
  await connection.run(readFileSync(`${folder}/schema.sql`, 'utf8'));
  await connection.run(`COPY profile FROM '${folder}/profiles.csv' (HEADER, NULLSTR '')`);
  const version = (await (await connection.runAndReadAll('SELECT version()')).getRows())[0][0];
  console.log(`DuckDB ${version} has the firms.`);
  const each = (queries, threads) => async () => {
    await connection.run(`SET threads = ${threads}`);
    const begin = performance.now();
    let found = 0;
    for (const query of queries) found += sum(await numbers(query));
    return [performance.now() - begin, found];
  };
  for (const threads of [1, 2]) {
    forms.push({ who: 'duckdb', how: 'T, a query an item', threads, easier: true, expected: met, work: each(byItem, threads) });
    forms.push({ who: 'duckdb', how: 'T, 16 items a pass', threads, easier: true, expected: met, work: each(passes(16, forT), threads) });
  }
  forms.push({ who: 'duckdb', how: 'T and U, 16 items a pass', threads: 1, expected: met + unknown, work: each(passes(16, forTU), 1) });
}

if (pgSocket) {
  const runner = process.getuid() === 0 ? ['runuser', '-u', pgUser, '--'] : [];
  const psql = (settings, sql) => {
    const name = `${pgSocket}/ask.sql`;
    writeFileSync(name, settings + sql, { mode: 0o644 });
    const command = [...runner, `${pgBin}/psql`, '-h', pgSocket, '-d', 'postgres', '-XqAt', '-F,', '-v', 'ON_ERROR_STOP=1', '-f', name];
    const done = spawnSync(command[0], command.slice(1), { encoding: 'utf8', maxBuffer: 1 << 28 });
    if (done.status !== 0) throw new Error(`PostgreSQL: ${done.stderr.slice(0, 500)}`);
    return done.stdout;
  };
  psql('', readFileSync(`${folder}/schema.sql`, 'utf8') + `\\copy profile FROM '${folder}/profiles.csv' WITH (FORMAT csv, HEADER true, NULL '')\n`);
  // The columns that most conditions begin with; firms lie in the order of regions, so that ranges are read in one go.
  const used = new Map();
  for (const item of conditions)
    for (const [, column] of item.matchAll(/([a-z][a-z0-9_]*_\w+)(?= (?:=|>=|<=|BETWEEN|IN) )/g)) used.set(column, (used.get(column) ?? 0) + 1);
  const indexed = [...used].sort((a, b) => b[1] - a[1]).slice(0, 20).map(([column]) => column);
  psql('', indexed.map((column) => `CREATE INDEX ON profile (${column});`).join('\n') + '\nVACUUM ANALYZE profile;\n');
  console.log(`PostgreSQL ${psql('', 'SHOW server_version;\n').trim()} has the firms, ${indexed.length} columns indexed.`);
  const each = (queries, threads) => async () => {
    const settings = `SET max_parallel_workers_per_gather = ${threads - 1};\n` +
      (threads > 1 ? 'SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;\n' : '');
    const begin = performance.now();
    const out = psql(settings, queries.join(';\n') + ';\n');
    return [performance.now() - begin, sum(out.split(/[\n,]/).filter(Boolean).map(Number))];
  };
  forms.push({ who: 'postgresql', how: 'T, a query an item, indexed', threads: 1, easier: true, expected: met, work: each(byItem, 1) });
  for (const threads of [1, 2])
    forms.push({ who: 'postgresql', how: 'T, 100 items a pass', threads, easier: true, expected: met, work: each(passes(100, forT), threads) });
  forms.push({ who: 'postgresql', how: 'T and U, 100 items a pass', threads: 1, expected: met + unknown, work: each(passes(100, forTU), 1) });
}

const zen = optional('@gorules/zen-engine');
const sample = Math.min(200, Number(firms));
if (zen) {
  const content = (expressions) => ({
    contentType: 'application/vnd.gorules.decision',
    nodes: [
      { id: 'in', name: 'in', type: 'inputNode', content: {} },
      { id: 'items', name: 'items', type: 'expressionNode', content: { passThrough: false, expressions } },
      { id: 'out', name: 'out', type: 'outputNode', content: {} },
    ],
    edges: [
      { id: 'a', sourceId: 'in', targetId: 'items', type: 'edge' },
      { id: 'b', sourceId: 'items', targetId: 'out', type: 'edge' },
    ],
  });
  // One decision with all items: a decision an item takes many times as long.
  const engine = new zen.ZenEngine();
  const wanted = readFileSync(`${folder}/items.zen`, 'utf8').trim().split('\n');
  const expressions = wanted.map((value, i) => ({ id: `i${i}`, key: `i${i}`, value }));
  const whole = engine.createDecision(content(expressions));
  const [head, ...rows] = readFileSync(`${folder}/sample.csv`, 'utf8').trimEnd().split('\n').map((line) => line.split(','));
  const contexts = rows.map((row) => Object.fromEntries(head.map((name, i) => [name, row[i] === '' || row[i] === undefined ? null : Number(row[i])])));
  const [expected] = await ask(`sample ${sample}`);
  const count = (result) => sum(Object.values(result).map((value) => (value === true ? 1 : 0)));
  forms.push({
    who: 'zen', how: `T, all items one decision, ${sample} firms`, threads: 1, easier: true, expected, scale: Number(firms) / sample,
    work: async () => {
      const begin = performance.now();
      let found = 0;
      for (const context of contexts) found += count((await whole.evaluate(context)).result);
      return [performance.now() - begin, found];
    },
  });
}

// Turns.
const taken = new Map(forms.map((form) => [form, []]));
const oursTaken = new Map(forms.map((form) => [form, []]));
console.log(`(load of this machine: ${loads()})`);
for (let round = 0; round < rounds; ++round)
  for (const form of forms) {
    const own = [];
    for (let i = 0; i < 5; ++i) own.push((await ask(`run ${form.threads}`))[0]);
    oursTaken.get(form).push(median(own));
    const [milliseconds, found] = await form.work();
    taken.get(form).push(milliseconds * (form.scale ?? 1));
    if (found !== form.expected) {
      failed = true;
      console.log(`${form.who}, ${form.how}: found ${found} pairs, not ${form.expected}: FAILED`);
    }
  }
console.log(`(load of this machine: ${loads()}, ${rounds} alternating rounds, medians)`);
const best = new Map();
for (const form of forms) {
  const [theirs, own] = [median(taken.get(form)), median(oursTaken.get(form))];
  const ratio = theirs / own;
  console.log(`  ${form.who.padEnd(11)} ${form.how.padEnd(40)} ${form.threads} thread${form.threads > 1 ? 's' : ' '}  ${theirs.toFixed(0).padStart(9)} ms  ` +
    `ours, T and U stored ${own.toFixed(2).padStart(8)} ms  ${ratio.toFixed(0)} times${form.scale ? ` (${((theirs * 1e6) / Number(firms) / Number(items)).toFixed(0)} ns a pair)` : ''}`);
  // The rival's best form for that many threads.
  const key = `${form.who} ${form.threads}`;
  if (form.easier && (!best.has(key) || ratio < best.get(key))) best.set(key, ratio);
}
const wanted = { duckdb: 120, postgresql: 200, zen: 15000 };
for (const [key, ratio] of best) {
  const [who, threads] = key.split(' ');
  goal(`match_over_${who}_${threads}_thread${threads === '1' ? '' : 's'}`, ratio, wanted[who]);
}
ours.stdin.end();
process.exit(failed ? 1 : 0);
