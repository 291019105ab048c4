import writeXlsxFile from "write-excel-file/browser";

// columns: [{title, value(row), width}]
export async function saveAsExcel(rows, columns, fileName) {
  const header = columns.map((column) => ({ value: column.title, fontWeight: "bold", backgroundColor: "#eef0f6" }));
  const body = rows.map((row) =>
    columns.map((column) => {
      const value = column.value(row);
      if (value === null || value === undefined) return null;
      return typeof value === "number" ? { type: Number, value } : { type: String, value: String(value) };
    }),
  );
  const file = writeXlsxFile([header, ...body], { columns: columns.map((column) => ({ width: column.width || 20 })) });
  await file.toFile(fileName);
}
