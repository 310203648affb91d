// The office page: asks the server, draws what it answers, decides nothing. ES2018, no library.
// Words from the server reach the page as text nodes only: a site's name may hold anything.
'use strict';
(function () {
  const TABLES = [
    { of: 'orpailleurs', fixed: 'orpailleurs-region-sexe', by: 'region,sex',
      title: 'Orpailleurs par région et sexe', figure: 'Orpailleurs recensés' },
    { of: 'sites', fixed: 'sites-region-statut', by: 'region,status',
      title: 'Sites par région et état', figure: "Sites d'orpaillage" },
    { of: 'enfants', fixed: 'enfants-region-tranche', by: 'region',
      title: 'Enfants de 6 à 17 ans par région', figure: 'Enfants de 6 à 17 ans' },
    { of: 'cooperatives', fixed: 'cooperatives-district', by: 'district',
      title: 'Coopératives par district minier', figure: 'Coopératives' },
  ];
  const HEADS = { region: 'Région', district: 'District minier', sex: 'Sexe', status: 'État', age_group: 'Âge' };
  const ROLES = {
    admin: 'Administrateur', data_manager: 'Gestionnaire de données', supervisor: 'Superviseur',
    enumerator: 'Agent recenseur', researcher: 'Chercheur', chamber: 'Chambre des Mines',
    cooperative: 'Coopérative', protection: "Protection de l'enfance", public: 'Public',
  };
  // Shape and colour and word: the colour alone would be lost on some readers and on paper.
  const STATES = {
    active: ['Actif', 'M-6,0a6,6 0 1,0 12,0a6,6 0 1,0 -12,0z'],
    reduced: ['Actif, activité réduite', 'M-5,0a5,5 0 1,0 10,0a5,5 0 1,0 -10,0z'],
    stopped: ['Arrêté ou fermé', 'M-5.5,-5.5h11v11h-11z'],
    abandoned: ['Abandonné', 'M-5,-5L5,5M5,-5L-5,5'],
    rehabilitated: ['Réhabilité', 'M0,-7L7,0L0,7L-7,0z'],
    unreachable: ['Introuvable ou inaccessible', 'M0,-6L6.5,5.5H-6.5z'],
    unknown: ['État non connu', 'M-2.5,0a2.5,2.5 0 1,0 5,0a2.5,2.5 0 1,0 -5,0z'],
  };
  const STATE_OF = {
    active: 'active', active_reduced: 'reduced', suspended_season: 'stopped', suspended_authority: 'stopped',
    suspended_accident: 'stopped', abandoned: 'abandoned', rehabilitated: 'rehabilitated',
    not_found: 'unreachable', inaccessible: 'unreachable',
  };
  const BASES = { polygon: 'limites officielles', crosswalk: 'table de passage 2012-2023', nearest_seat: 'approximatif' };
  const FLAGS = {
    zero_island: 'position absente (0, 0)', swapped: 'latitude et longitude inversées',
    outside_mali: 'hors du Mali', outside_phase1: 'hors de la zone de la phase 1',
    outside_polygons: 'hors des limites connues',
  };
  const MALI = { west: -12.5, south: 10, east: 4.4, north: 25.1 };
  const ROWS_STEP = 100;
  const DASH = '—';

  const page = { token: null, asked: 0, division: '2023', sites: [], labels: {}, chosen: null, rows: ROWS_STEP };
  const $ = (id) => document.getElementById(id);

  // --- words and numbers -------------------------------------------------------------------------

  function number(n) {
    const parts = String(Math.round(n * 10) / 10).split('.');
    const whole = parts[0].replace(/\B(?=(\d{3})+$)/g, '\u00a0');
    return parts[1] ? whole + ',' + parts[1] : whole;
  }

  /** The server's clock is UTC, which is the time of Bamako: no conversion, so no wrong one. */
  function moment(text) {
    const at = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)/.exec(text || '');
    return at ? `${at[3]}/${at[2]}/${at[1]}, ${at[4]} h ${at[5]}` : '';
  }

  /** The French name of a code; without one, the code made legible: "kita__tambaga" is Tambaga. */
  function word(kind, code) {
    if (!code) return 'Non connu';
    const known = page.labels[kind + ':' + code];
    if (known) return known;
    const own = code.split('__').pop().replace(/_/g, ' ');
    return own.charAt(0).toUpperCase() + own.slice(1);
  }

  const plain = (text) => text.normalize('NFD').replace(/[\u0300-\u036f]/g, '').toLowerCase();

  // --- elements ----------------------------------------------------------------------------------

  function add(node, attributes, children) {
    Object.keys(attributes || {}).forEach((name) => node.setAttribute(name, attributes[name]));
    [].concat(children === undefined ? [] : children).forEach((child) => node.append(child));
    return node;
  }
  const el = (tag, attributes, children) => add(document.createElement(tag), attributes, children);
  const svg = (tag, attributes, children) =>
    add(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);

  function fill(node, children) {
    node.textContent = '';
    return add(node, {}, children);
  }

  function mark(state) {
    const shape = svg('path', { d: STATES[state][1], class: 's-' + state });
    return svg('svg', { viewBox: '-9 -9 18 18', class: 'mark', 'aria-hidden': 'true' }, shape);
  }

  function button(text, act) {
    const node = el('button', { type: 'button', class: 'link' }, text);
    node.addEventListener('click', act);
    return node;
  }

  function notice(text, bad) {
    $('notice').textContent = text;
    $('notice').className = bad ? 'notice bad' : 'notice';
    $('notice').hidden = !text;
  }

  /** A table whose cells are texts, numbers, null (not shown) or elements. */
  function table(caption, head, rows, foot) {
    const cell = (value, i) => {
      if (value === null) {
        return el('td', { class: 'n' }, [el('span', { 'aria-hidden': 'true' }, DASH), el('span', { class: 'sr' }, 'non montré')]);
      }
      if (typeof value === 'number') return el('td', { class: 'n' }, number(value));
      return i === 0 ? el('th', { scope: 'row' }, value) : el('td', {}, value);
    };
    const line = (values) => el('tr', {}, values.map(cell));
    const numeric = (i) => rows.length > 0 && (rows[0][i] === null || typeof rows[0][i] === 'number');
    const top = head.map((text, i) => el('th', { scope: 'col', class: numeric(i) ? 'n' : '' }, text));
    const body = [
      el('caption', {}, caption), el('thead', {}, el('tr', {}, top)), el('tbody', {}, rows.map(line)),
    ];
    if (foot) body.push(el('tfoot', {}, line(foot)));
    // Focusable, so that a keyboard can scroll it where it is wider than the screen.
    return el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': caption }, el('table', {}, body));
  }

  /** Excel in French: semicolons, decimal comma, and a byte order mark for the accents. */
  function excel(name, rows) {
    const cell = (value) => {
      if (value === null || value === undefined) return '';
      if (typeof value === 'number') return String(value).replace('.', ',');
      // A text that starts like a formula would be run by the spreadsheet.
      const text = /^[=+\-@\t\r]/.test(value) ? "'" + value : value;
      return /[";\r\n]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
    };
    const text = '\ufeff' + rows.map((row) => row.map(cell).join(';')).join('\r\n') + '\r\n';
    const link = el('a', { download: name, href: URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' })) });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  }

  // --- counts ------------------------------------------------------------------------------------

  /** Lines by the first dimension, columns by the second; sums only where every cell is shown. */
  function pivot(answer) {
    const [first, second] = answer.by;
    const order = (cells, name) => {
      const labels = new Map(cells.map((c) => [c[name], c[name + '_label']]));
      return Array.from(labels).sort((a, b) => (a[0] === null) - (b[0] === null) || a[1].localeCompare(b[1], 'fr'));
    };
    const columns = second ? order(answer.cells, second) : [];
    const found = (row, column) => {
      const cell = answer.cells.find((c) => c[first] === row && (!second || c[second] === column));
      return cell ? cell.n : 0;
    };
    const sum = (values) => (values.includes(null) ? null : values.reduce((a, b) => a + b, 0));
    const rows = order(answer.cells, first).map(([code, label]) => {
      if (!second) return [label, found(code)];
      const values = columns.map((c) => found(code, c[0]));
      return [label].concat(values, sum(values));
    });
    const sums = columns.map((_, i) => sum(rows.map((r) => r[i + 1])));
    const head = [HEADS[first] || first].concat(columns.map((c) => c[1]), second ? 'Total' : 'Nombre');
    return { head, rows, foot: ['Total'].concat(sums, answer.total) };
  }

  function links(kind, got, shape) {
    const answer = got.body;
    const name = `${kind.of}-${answer.by.join('-')}-${answer.division}`;
    const rows = [shape.head].concat(shape.rows, [shape.foot]);
    const shown = rows.map((row) => row.map((v) => (v === null ? 'non montré' : v)));
    return el('p', { class: 'links' }, [
      el('a', { href: got.path + '&format=csv', download: name + '.csv' }, 'Télécharger CSV'),
      button('Pour Excel (CSV français)', () => excel(name + '-excel.csv', shown)),
    ]);
  }

  function countBlock(kind, got) {
    if (got.status) {
      return el('section', { class: 'card' }, [el('h2', {}, kind.title), el('p', {}, trouble(got.status))]);
    }
    const answer = got.body;
    const title = answer.by.length < kind.by.split(',').length || answer.by[0] !== kind.by.split(',')[0]
      ? `${kind.figure} par région` : kind.title;
    if (!answer.cells.length) {
      return el('section', { class: 'card' }, [el('h2', {}, title), el('p', {}, 'Aucune fiche.')]);
    }
    const shape = pivot(answer);
    const block = el('section', { class: 'card' }, table(title, shape.head, shape.rows, shape.foot));
    if (answer.suppression) {
      block.append(el('p', { class: 'small' }, `${answer.suppression.reason} « ${DASH} » : nombre non montré.`));
    }
    block.append(links(kind, got, shape));
    return block;
  }

  function figure(kind, got) {
    const total = got.body.total;
    const item = el('li', {}, [kind.figure, el('strong', {}, total === null ? DASH : number(total))]);
    const cells = got.body.cells;
    if (total === null) {
      item.append(el('small', {}, 'total non montré (petits nombres)'));
    } else if (total > 0 && got.body.by.includes('sex') && cells.every((c) => c.n !== null)) {
      const women = cells.filter((c) => c.sex === 'female').reduce((sum, c) => sum + c.n, 0);
      item.append(el('small', {}, `dont femmes : ${number(women)} (${number((100 * women) / total)} %)`));
    }
    return item;
  }

  // --- sites -------------------------------------------------------------------------------------

  function site(feature) {
    const p = feature.properties;
    const old = page.division === '2012' ? '_2012' : '';
    const at = feature.geometry && feature.geometry.coordinates;
    const it = {
      id: feature.id, at, p, name: p.name || 'Sans nom', state: STATE_OF[p.status] || 'unknown',
      status: page.labels['status:' + p.status] || STATES[STATE_OF[p.status] || 'unknown'][0],
      region: word('region', p['region' + old]), cercle: word('cercle', p['cercle' + old]),
      commune: word('commune', p['commune' + old]), basis: BASES[p['place_basis' + old]] || 'non connu',
      flags: (p.position_flags || []).map((f) => FLAGS[f] || f),
    };
    it.drawn = Boolean(at) && at[0] >= MALI.west && at[0] <= MALI.east && at[1] >= MALI.south && at[1] <= MALI.north;
    it.text = plain([it.name, it.status, it.region, it.cercle, it.commune, it.basis].concat(it.flags).join(' '));
    return it;
  }

  function filtered() {
    const words = plain($('filter').value).split(/\s+/);
    return page.sites.filter((s) => words.every((w) => s.text.includes(w)));
  }

  /** Degrees to pixels; one degree of longitude is shorter than one of latitude, by the cosine. */
  function projection(sites, width) {
    const xs = sites.map((s) => s.at[0]);
    const ys = sites.map((s) => s.at[1]);
    const least = (list) => list.reduce((a, b) => Math.min(a, b), Infinity);
    const most = (list) => list.reduce((a, b) => Math.max(a, b), -Infinity);
    const span = (low, high) => Math.max(high - low, 0.5) * 0.56;
    const mid = { x: (least(xs) + most(xs)) / 2, y: (least(ys) + most(ys)) / 2 };
    const half = { x: span(least(xs), most(xs)), y: span(least(ys), most(ys)) };
    const shrink = Math.cos((mid.y * Math.PI) / 180);
    const height = Math.round(Math.min(Math.max((width * half.y) / (half.x * shrink), 260), 560));
    const unit = Math.min(width / (2 * half.x * shrink), height / (2 * half.y));
    const x = (lon) => width / 2 + (lon - mid.x) * shrink * unit;
    const y = (lat) => height / 2 - (lat - mid.y) * unit;
    const lon = (px) => mid.x + (px - width / 2) / (shrink * unit);
    const lat = (py) => mid.y - (py - height / 2) / unit;
    return { width, height, x, y, lon, lat, km: unit / 111.2 };
  }

  function graticule(map) {
    const lines = [];
    const spans = map.lat(0) - map.lat(map.height);
    const step = [0.1, 0.2, 0.5, 1, 2, 5].find((s) => spans / s <= 6) || 5;
    const degrees = (v, plus, minus) => `${number(Math.abs(v))}° ${v < 0 ? minus : plus}`;
    for (let i = Math.ceil(map.lon(0) / step); i * step < map.lon(map.width); i += 1) {
      const x = map.x(i * step);
      lines.push(svg('line', { class: 'grid', x1: x, x2: x, y1: 0, y2: map.height }));
      if (x < map.width - 60) lines.push(svg('text', { x: x + 3, y: 13 }, degrees(i * step, 'E', 'O')));
    }
    for (let i = Math.ceil(map.lat(map.height) / step); i * step < map.lat(0); i += 1) {
      const y = map.y(i * step);
      lines.push(svg('line', { class: 'grid', x1: 0, x2: map.width, y1: y, y2: y }));
      if (y > 30) lines.push(svg('text', { x: 3, y: y - 3 }, degrees(i * step, 'N', 'S')));
    }
    const km = [500, 200, 100, 50, 20, 10, 5].find((k) => k * map.km < map.width / 4) || 2;
    const end = map.width - 12;
    lines.push(svg('line', { class: 'scale', x1: end - km * map.km, x2: end, y1: map.height - 12, y2: map.height - 12 }));
    lines.push(svg('text', { x: end, y: map.height - 18, 'text-anchor': 'end' }, number(km) + ' km'));
    return lines;
  }

  function regionNames(map, sites) {
    const places = new Map();
    sites.forEach((s) => {
      const sum = places.get(s.region) || { x: 0, y: 0, n: 0 };
      places.set(s.region, { x: sum.x + map.x(s.at[0]), y: sum.y + map.y(s.at[1]), n: sum.n + 1 });
    });
    const taken = sites.map((s) => ({ x: map.x(s.at[0]), y: map.y(s.at[1]), half: 8 }));
    return Array.from(places).map(([name, sum]) => {
      const half = name.length * 4.2;
      const x = Math.min(Math.max(sum.x / sum.n, half), map.width - half);
      const heights = [-10, 22, -24, 36, -38, 50].map((dy) => Math.max(sum.y / sum.n + dy, 30));
      const free = (y) => taken.every((t) => Math.abs(t.x - x) > half + t.half || Math.abs(t.y - (y - 5)) > 14);
      const found = heights.find(free);
      const y = found === undefined ? heights[0] : found;
      taken.push({ x, y: y - 5, half });
      return svg('text', { class: 'place', x, y }, name);
    });
  }

  function drawMap() {
    const all = page.sites.filter((s) => s.drawn);
    const shown = filtered().filter((s) => s.drawn);
    const absent = page.sites.length - all.length;
    $('map-note').textContent = 'Noms des régions au milieu de leurs sites ; pas de fond de carte. Toucher un point pour le lire.' +
      (absent ? ` ${number(absent)} site(s) sans position utilisable : dans la liste seulement.` : '');
    if (!all.length) return fill($('map'), el('p', {}, 'Aucun site avec une position.'));
    const map = projection(all, Math.max($('map').clientWidth - 2, 260));
    const points = shown.map((s) => svg('path', {
      d: STATES[s.state][1], class: 's-' + s.state, transform: `translate(${map.x(s.at[0])},${map.y(s.at[1])})`,
    }, svg('title', {}, `${s.name}, ${s.status}`)));
    const ring = shown.filter((s) => s.id === page.chosen)
      .map((s) => svg('circle', { class: 'ring', r: 11, cx: map.x(s.at[0]), cy: map.y(s.at[1]) }));
    const picture = svg('svg', {
      viewBox: `0 0 ${map.width} ${map.height}`, role: 'img',
      'aria-label': `Carte de ${number(shown.length)} sites ; la liste ci-dessous donne les mêmes.`,
    }, graticule(map).concat(points, regionNames(map, shown), ring));
    picture.addEventListener('click', (event) => {
      const box = picture.getBoundingClientRect();
      const scale = map.width / box.width;
      const x = (event.clientX - box.left) * scale;
      const y = (event.clientY - box.top) * scale;
      const far = (s) => Math.hypot(map.x(s.at[0]) - x, map.y(s.at[1]) - y);
      const near = shown.slice().sort((a, b) => far(a) - far(b))[0];
      // A finger is about this wide.
      if (near && far(near) < 26) choose(near.id);
    });
    return fill($('map'), picture);
  }

  function choose(id) {
    page.chosen = id;
    const s = page.sites.find((one) => one.id === id);
    const lines = [['Commune', s.commune], ['Cercle', s.cercle], ['Région', s.region], ['État', s.status], ['Base du lieu', s.basis]];
    if (s.at) lines.push(['Position', s.at.slice().reverse().map((v) => String(v).replace('.', ',')).join(' ; ')]);
    if (s.flags.length) lines.push(['À vérifier', s.flags.join(', ')]);
    const measures = [['workers_total', 'Travailleurs', ''], ['school_km', 'École', ' km'], ['health_km', 'Centre de santé', ' km']];
    measures.forEach(([key, name, unit]) => {
      if (typeof s.p[key] === 'number') lines.push([name, number(s.p[key]) + unit]);
    });
    const terms = [];
    lines.forEach(([name, value]) => terms.push(el('dt', {}, name), el('dd', {}, value)));
    fill($('site-card'), [el('h3', {}, s.name), el('dl', {}, terms)]);
    drawMap();
    document.querySelectorAll('#sites tbody tr').forEach((row) => row.classList.toggle('chosen', row.dataset.id === id));
  }

  function drawList() {
    const shown = filtered();
    $('filter-count').textContent = `${number(shown.length)} sur ${number(page.sites.length)}`;
    const rows = shown.slice(0, page.rows).map((s) => {
      const place = s.basis === BASES.nearest_seat ? [el('span', { class: 'approx' }, s.basis)] : [s.basis];
      if (s.flags.length) place.push(el('br'), 'position à vérifier : ' + s.flags.join(', '));
      const name = button(s.name, () => { choose(s.id); $('map-title').scrollIntoView(); });
      return [name, s.commune, s.cercle, s.region, el('span', {}, [mark(s.state), s.status]), el('span', {}, place)];
    });
    const head = ['Nom', 'Commune', 'Cercle', 'Région', 'État', 'Base du lieu'];
    const block = table(`Liste des sites, découpage ${page.division}`, head, rows);
    block.querySelectorAll('tbody tr').forEach((row, i) => {
      row.dataset.id = shown[i].id;
      row.classList.toggle('chosen', shown[i].id === page.chosen);
    });
    fill($('sites'), rows.length ? block : el('p', {}, 'Aucun site ne correspond.'));
    if (shown.length > page.rows) {
      $('sites').append(button(`Montrer ${ROWS_STEP} sites de plus`, () => { page.rows += ROWS_STEP; drawList(); }));
    }
  }

  function excelSites() {
    const head = ['nom', 'commune', 'cercle', 'region', 'etat', 'lieu', 'latitude', 'longitude', 'a_verifier'];
    excel(`sites-${page.division}-excel.csv`, [head].concat(filtered().map((s) => [
      s.name, s.commune, s.cercle, s.region, s.status, s.basis, s.at ? s.at[1] : null, s.at ? s.at[0] : null, s.flags.join(', '),
    ])));
  }

  // --- asking ------------------------------------------------------------------------------------

  function trouble(status) {
    if (status === 0) return 'Serveur injoignable : vérifier le réseau, puis « Actualiser ».';
    if (status === 503 || status === 429) return 'Serveur occupé : attendre 30 secondes, puis « Actualiser ».';
    return `Non disponible pour le moment (erreur ${status}).`;
  }

  /** An answer ({ body }) or why there is none ({ status }, 0 = no network); never throws. */
  async function ask(path) {
    let answer;
    try {
      answer = await fetch(path, { credentials: 'same-origin', headers: { Accept: 'application/json', 'Accept-Language': 'fr' } });
      if (!answer.ok) return { status: answer.status };
      return { body: await answer.json() };
    } catch (error) {
      return { status: 0 };
    }
  }

  /** Some accounts may only read the fixed tables: the server alone knows which. */
  async function askCounts(kind, division) {
    const path = `/v1/counts?of=${kind.of}&by=${kind.by}&division=${division}`;
    const got = await ask(path);
    if (got.status !== 403) return Object.assign(got, { path });
    const fixed = `/v1/tables/${kind.fixed}?division=${division}`;
    const read = await ask(fixed);
    return read.body ? Object.assign(read, { path: fixed }) : got;
  }

  function learn(body) {
    body.cells.forEach((cell) => body.by.forEach((name) => {
      if (cell[name]) page.labels[name + ':' + cell[name]] = cell[name + '_label'];
    }));
  }

  async function load() {
    const turn = page.asked += 1;
    $('main').setAttribute('aria-busy', 'true');
    const division = page.division;
    // Nobody known yet: one question tells, rather than six refusals.
    const first = page.inside || page.token ? {} : await ask('/v1/counts?of=sites&by=region');
    if (first.status === 401) {
      showLogin('');
      return;
    }
    const jobs = TABLES.map((kind) => askCounts(kind, division));
    jobs.push(ask(`/v1/counts?of=sites&by=cercle,commune&division=${division}`), ask('/v1/sites.geojson'));
    const got = await Promise.all(jobs);
    // Another click asked something newer meanwhile.
    if (turn !== page.asked) return;
    $('main').removeAttribute('aria-busy');
    if (page.inside && got.every((one) => one.status === 0)) {
      notice(trouble(0) + ' Les chiffres affichés sont les derniers reçus.', true);
      page.division = page.shown;
      document.querySelector(`#division input[value="${page.shown}"]`).checked = true;
      return;
    }
    if (got.some((one) => one.status === 401)) {
      showLogin('Session terminée : se connecter de nouveau.');
      return;
    }
    got.slice(0, -1).forEach((one) => { if (one.body) learn(one.body); });
    showOffice(got.slice(0, TABLES.length), got[got.length - 1]);
  }

  // --- showing -----------------------------------------------------------------------------------

  function showLogin(message) {
    // What the last reader saw must not stay behind the form.
    ['figures', 'tables', 'map', 'sites', 'site-card'].forEach((id) => fill($(id), []));
    Object.assign(page, { token: null, sites: [], labels: {}, chosen: null, inside: false, asked: page.asked + 1 });
    ['office', 'who'].forEach((id) => { $(id).hidden = true; });
    $('as-of').textContent = '';
    $('filter').value = '';
    notice(message);
    $('login').hidden = false;
    $('login-name').select();
    $('login-name').focus();
  }

  function showOffice(counts, register) {
    const arrived = !page.inside;
    page.inside = true;
    page.shown = page.division;
    $('login').hidden = true;
    ['office', 'who'].forEach((id) => { $(id).hidden = false; });
    const answered = counts.filter((one) => one.body);
    const lost = counts.concat(register).every((one) => one.status === 0);
    notice(lost ? trouble(0) : '', true);
    const shown = TABLES.map((kind, i) => [kind, counts[i]]).filter((pair) => pair[1].status !== 403);
    fill($('figures'), shown.filter((pair) => pair[1].body).map((pair) => figure(pair[0], pair[1])));
    fill($('tables'), lost ? [] : shown.map((pair) => countBlock(pair[0], pair[1])));
    $('as-of').textContent = answered.length ? 'Données au ' + moment(answered[0].body.at) : '';
    $('basis').hidden = !answered.length;
    $('basis-of').textContent = answered.every((one) => one.body.basis === 'accepted') ?
      'Seules les fiches acceptées comptent.' :
      'Toutes les fiches enregistrées comptent, celles qui attendent un superviseur aussi.';
    showSites(register, lost);
    const empty = !lost && !page.sites.length && register.status === undefined &&
      answered.every((one) => !one.body.cells.length);
    $('empty').hidden = !empty;
    ['figures', 'tables'].forEach((id) => { $(id).hidden = empty; });
    if (arrived) $('title').focus();
  }

  function showSites(register, lost) {
    $('map-block').hidden = lost || register.status === 403 || Boolean(register.body && !register.body.features.length);
    // One collator: localeCompare builds one per call, which a thousand sites feel on an old PC.
    const french = new Intl.Collator('fr').compare;
    const order = (a, b) => french(a.region, b.region) || french(a.commune, b.commune) || french(a.name, b.name);
    page.sites = register.body ? register.body.features.map(site).sort(order) : [];
    const used = Object.keys(STATES).filter((state) => page.sites.some((s) => s.state === state));
    fill($('legend'), used.map((state) => el('li', {}, [mark(state), STATES[state][0]])));
    if ($('map-block').hidden) return;
    if (register.status !== undefined) {
      fill($('map'), el('p', {}, trouble(register.status)));
      fill($('sites'), []);
      return;
    }
    drawList();
    if (page.sites.some((s) => s.id === page.chosen)) choose(page.chosen); else drawMap();
  }

  function remember(role) {
    // The role is no secret; kept so that a reload still says who is there. Storage may be switched off.
    try { if (role) sessionStorage.setItem('sanu.role', role); } catch (error) { /* then it is not said */ }
    let known = role;
    try { known = known || sessionStorage.getItem('sanu.role'); } catch (error) { /* same */ }
    $('role').textContent = known ? 'Profil : ' + (ROLES[known] || known) : '';
  }

  // --- logging in and out ------------------------------------------------------------------------

  async function login(event) {
    event.preventDefault();
    const send = $('login').querySelector('button');
    send.disabled = true;
    $('login-error').textContent = '';
    const body = JSON.stringify({ login: $('login-name').value.trim(), password: $('login-password').value });
    let status = 0;
    try {
      const answer = await fetch('/v1/sessions', {
        method: 'POST', credentials: 'same-origin', headers: { 'Content-Type': 'application/json', 'Accept-Language': 'fr' }, body,
      });
      status = answer.status;
      if (answer.ok) {
        const opened = await answer.json();
        page.token = opened.token;
        remember(opened.role);
        $('login-password').value = '';
        await load();
      }
    } catch (error) {
      status = 0;
    }
    send.disabled = false;
    if (status === 200) return;
    const wrong = status === 401 || status === 400;
    $('login-error').textContent = wrong ? 'Identifiant ou mot de passe incorrect.' : trouble(status).replace('« Actualiser »', 'réessayer');
    if (wrong) $('login-password').select();
  }

  async function logout() {
    const headers = page.token ? { Authorization: 'Bearer ' + page.token } : {};
    try {
      const answer = await fetch('/v1/sessions/current', { method: 'DELETE', credentials: 'same-origin', headers });
      if (!answer.ok && answer.status !== 401) throw new Error('not closed');
    } catch (error) {
      notice('Déconnexion non confirmée par le serveur : réessayer avant de quitter ce poste.', true);
      return;
    }
    try { sessionStorage.removeItem('sanu.role'); } catch (error) { /* nothing was kept */ }
    $('login').reset();
    showLogin('Vous êtes déconnecté.');
  }

  // --- start -------------------------------------------------------------------------------------

  let waiting = 0;
  function later(act) {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(act);
  }
  $('login').addEventListener('submit', login);
  $('logout').addEventListener('click', logout);
  $('refresh').addEventListener('click', load);
  $('sites-excel').addEventListener('click', excelSites);
  $('division').addEventListener('change', (event) => { page.division = event.target.value; load(); });
  $('filter').addEventListener('input', () => later(() => { page.rows = ROWS_STEP; drawList(); drawMap(); }));
  window.addEventListener('resize', () => later(() => { if (page.sites.length && !$('map-block').hidden) drawMap(); }));
  // Firefox keeps the chosen radio over a reload; the page must ask for what it shows.
  page.division = document.querySelector('#division input:checked').value;
  remember(null);
  load();
}());
