// Runs before the first paint, so that neither the theme nor hidden amounts flash. Blocking on purpose.
(() => {
  const root = document.documentElement
  const read = key => { try { return localStorage.getItem(key) } catch { return null } }
  const prefersDark = matchMedia('(prefers-color-scheme: dark)')
  const apply = () => {
    const dark = (read('coffer-theme') ?? (prefersDark.matches ? 'dark' : 'light')) === 'dark'
    root.dataset.bsTheme = dark ? 'dark' : 'light'
  }
  apply()
  prefersDark.addEventListener('change', () => {
    apply()
    document.dispatchEvent(new CustomEvent('coffer:theme'))
  })
  root.classList.add('js')
  root.classList.toggle('private', read('coffer-private') === '1')
})()
