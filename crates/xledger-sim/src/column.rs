//! The names of fields: one word for each, whatever type it is a field of.

macro_rules! columns {
    ($($column:ident = $name:literal,)*) => {
        /// A field's name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(crate) enum Column {
            $($column,)*
        }

        impl Column {
            /// The field of this name in the schema.
            pub(crate) fn named(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$column),)*
                    _ => None,
                }
            }

            /// Its name in the schema.
            pub(crate) fn name(self) -> &'static str {
                match self {
                    $(Self::$column => $name,)*
                }
            }
        }
    };
}

columns! {
    Account = "account",
    AccountDbId = "accountDbId",
    AccountGroup = "accountGroup",
    Address = "address",
    Amount = "amount",
    Amount3 = "amount3",
    Amount4 = "amount4",
    Amount5 = "amount5",
    Archive = "archive",
    Asset = "asset",
    BalanceSheet = "balanceSheet",
    BankAccount = "bankAccount",
    BillAddress = "billAddress",
    ChartOfAccount = "chartOfAccount",
    ChartOfAccountDbId = "chartOfAccountDbId",
    Code = "code",
    Company = "company",
    CompanyDbId = "companyDbId",
    CompanyNumber = "companyNumber",
    Contact = "contact",
    Contract = "contract",
    Cost = "cost",
    CostOfGoodsSold = "costOfGoodsSold",
    CostOtherOperating = "costOtherOperating",
    CostWagesSalaries = "costWagesSalaries",
    Country = "country",
    CreatedAt = "createdAt",
    Currency = "currency",
    DateFrom = "dateFrom",
    DateTo = "dateTo",
    DbId = "dbId",
    Description = "description",
    DueDate = "dueDate",
    Email = "email",
    Entity = "entity",
    Equity = "equity",
    ExchangeRate = "exchangeRate",
    ExtIdentifier = "extIdentifier",
    Finance = "finance",
    FiscalPeriod = "fiscalPeriod",
    FiscalYear = "fiscalYear",
    FromDate = "fromDate",
    FullAddress = "fullAddress",
    GlDimension = "glDimension",
    GlObject1 = "glObject1",
    GlObject1DbId = "glObject1DbId",
    GlObject2 = "glObject2",
    GlObject2DbId = "glObject2DbId",
    GlObject3 = "glObject3",
    GlObject3DbId = "glObject3DbId",
    GlObject4 = "glObject4",
    GlObject4DbId = "glObject4DbId",
    GlObject5 = "glObject5",
    GlObject5DbId = "glObject5DbId",
    Header = "header",
    HeaderCreatedAt = "headerCreatedAt",
    HeaderModifiedAt = "headerModifiedAt",
    HeaderTransactionSourceDbId = "headerTransactionSourceDbId",
    InvoiceAmount = "invoiceAmount",
    InvoiceDate = "invoiceDate",
    InvoiceFile = "invoiceFile",
    InvoiceNumber = "invoiceNumber",
    InvoiceRemaining = "invoiceRemaining",
    JobLevel = "jobLevel",
    LastPaymentDate = "lastPaymentDate",
    LedgerType = "ledgerType",
    Liabilities = "liabilities",
    MatchId = "matchId",
    ModifiedAt = "modifiedAt",
    MonthNumber = "monthNumber",
    MutationType = "mutationType",
    Name = "name",
    Notes = "notes",
    Number = "number",
    ObjectKind = "objectKind",
    ObjectKindDbId = "objectKindDbId",
    Owner = "owner",
    OwnerCode = "ownerCode",
    OwnerDbId = "ownerDbId",
    PayMethod = "payMethod",
    PayTerms = "payTerms",
    PaymentDate = "paymentDate",
    PaymentReference = "paymentReference",
    PaymentStatus = "paymentStatus",
    Period = "period",
    PeriodId = "periodId",
    PeriodNumber = "periodNumber",
    Phone = "phone",
    Place = "place",
    PositionNumber = "positionNumber",
    PostedDate = "postedDate",
    Posting = "posting",
    ProcessType = "processType",
    Quantity = "quantity",
    Reconciled = "reconciled",
    RegisteredAt = "registeredAt",
    Revenue = "revenue",
    SlTransactionType = "slTransactionType",
    StreetAddress = "streetAddress",
    StreetNumber = "streetNumber",
    Subledger = "subledger",
    SubledgerDbId = "subledgerDbId",
    SubledgerGroup = "subledgerGroup",
    SubledgerType = "subledgerType",
    TaxAmount = "taxAmount",
    TaxNo = "taxNo",
    TaxNumber = "taxNumber",
    TaxRule = "taxRule",
    Text = "text",
    ToDate = "toDate",
    TransactionHeader = "transactionHeader",
    TransactionNumber = "transactionNumber",
    TransactionSource = "transactionSource",
    Url = "url",
    User = "user",
    Vat = "vat",
    Xgl = "xgl",
    Year = "year",
    YourReference = "yourReference",
    ZipCode = "zipCode",
}

impl Column {
    /// Whether it holds an id: what the switches on id types change.
    pub(crate) fn is_id(self) -> bool {
        self == Self::DbId || self == Self::MatchId || self == Self::PeriodId || self.name().ends_with("DbId")
    }
}

impl Column {
    /// Whether it holds a date.
    pub(crate) fn is_date(self) -> bool {
        let dates = [
            Self::PostedDate,
            Self::DueDate,
            Self::PaymentDate,
            Self::InvoiceDate,
            Self::LastPaymentDate,
            Self::FromDate,
            Self::ToDate,
            Self::DateFrom,
            Self::DateTo,
        ];
        dates.contains(&self)
    }

    /// Whether it holds a time.
    pub(crate) fn is_time(self) -> bool {
        self.name().ends_with("At")
    }

    /// Whether it holds a decimal number.
    pub(crate) fn is_decimal(self) -> bool {
        let decimals = [
            Self::Amount,
            Self::InvoiceAmount,
            Self::TaxAmount,
            Self::InvoiceRemaining,
            Self::ExchangeRate,
            Self::Quantity,
            Self::Amount3,
            Self::Amount4,
            Self::Amount5,
        ];
        decimals.contains(&self)
    }
}
