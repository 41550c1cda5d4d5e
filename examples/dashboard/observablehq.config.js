// Everything the page needs comes from node_modules or from this folder, so that it opens without a network.
export default {
  root: "src",
  output: "dist",
  title: "How the shop is doing",
  head: '<link rel="icon" href="data:,">', // or browsers ask for one
  style: "page.css",
  globalStylesheets: [], // its default is a font from elsewhere
  sidebar: false,
  toc: false,
  pager: false,
  search: false,
  header: "",
  footer: ""
};
