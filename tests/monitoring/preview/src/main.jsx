// The page: `?dashboard=…&prometheus=…&from=…&to=…&step=…&rateSeconds=…` draws one dashboard.
import "@fontsource/inter/400.css";
import "@fontsource/inter/500.css";
import { createTheme, ThemeContext } from "@grafana/data";
import { GlobalStyles } from "@grafana/ui";
import { createRoot } from "react-dom/client";
import { Board } from "./board.jsx";
import "./page.css";

addEventListener("error", (event) => (window.broken = event.message));

const given = Object.fromEntries(new URLSearchParams(location.search));
const numbers = Object.fromEntries(["from", "to", "step", "rateSeconds"].map((name) => [name, Number(given[name])]));
const theme = createTheme({ colors: { mode: "dark" } });

createRoot(document.getElementById("root")).render(
  <ThemeContext.Provider value={theme}>
    <GlobalStyles />
    <Board scene={{ ...given, ...numbers }} />
  </ThemeContext.Provider>,
);
