# cmake -DOUT=file.cc -DFOLDER=... -P embed_sql.cmake
file(READ ${FOLDER}/schema.sql schema)
file(READ ${FOLDER}/schema_3.sql schema_3)
file(READ ${FOLDER}/schema_4.sql schema_4)
file(READ ${FOLDER}/schema_5.sql schema_5)
file(READ ${FOLDER}/schema_6.sql schema_6)
file(READ ${FOLDER}/schema_7.sql schema_7)
file(READ ${FOLDER}/provision.sql provision)
file(READ ${FOLDER}/change_log.sql change_log)
file(READ ${FOLDER}/postgres.sql postgres)
file(WRITE ${OUT} "#include \"dcom_bridge/ipam/schema_sql.h\"

namespace ipam::engine {

const char kSchemaSql[] = R\"sql(${schema})sql\";
const char kSchema3Sql[] = R\"sql(${schema_3})sql\";
const char kSchema4Sql[] = R\"sql(${schema_4})sql\";
const char kSchema5Sql[] = R\"sql(${schema_5})sql\";
const char kSchema6Sql[] = R\"sql(${schema_6})sql\";
const char kSchema7Sql[] = R\"sql(${schema_7})sql\";
const char kProvisionSql[] = R\"sql(${provision})sql\";
const char kChangeLogSql[] = R\"sql(${change_log})sql\";
const char kPostgresSql[] = R\"sql(${postgres})sql\";

}  // namespace ipam::engine
")
